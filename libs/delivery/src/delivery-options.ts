import type { SentChannel } from '@carillon/contracts';
import type { Provider } from './provider/provider.ts';
import type { RetryPolicy } from './retry/retry-policy.ts';
import type { UncertainPolicy } from './sending/verdict.ts';

/** What makes one sender different from another. */
export interface DeliveryOptions<Content = unknown> {
  readonly channel: SentChannel;
  /** Where messages go. */
  readonly provider: Provider<Content>;
  /** What to do about uncertain deliveries of a category. */
  readonly uncertain: (category: string) => UncertainPolicy;
  readonly retry: RetryPolicy;
  /** How long one attempt may take, milliseconds. */
  readonly sendTimeoutMs: number;
  /** Attempts under way at once at most. */
  readonly concurrency: number;
  /** For how long after the end of an attempt's time its outcome may take to be recorded, seconds; default 30. */
  readonly leaseMarginSeconds?: number;
}
