import type { Caps, SentChannel } from '@carillon/contracts';
import type { BreakerPolicy } from './provider/breaker.ts';
import type { InstallationProvider, ProviderKind } from './providers/provider-kind.ts';
import type { RetryPolicy } from './retry/retry-policy.ts';
import type { UncertainPolicy } from './sending/verdict.ts';

/** What makes one sender different from another. */
export interface DeliveryOptions<Content = unknown> {
  readonly channel: SentChannel;
  /** Where messages of tenants go that have no provider of their own, in the order in which they are asked. */
  readonly providers: readonly InstallationProvider<Content>[];
  /** What tenants can configure, by name. */
  readonly kinds?: Readonly<Record<string, ProviderKind<Content>>>;
  /** What holds for tenants that have set no caps of their own. */
  readonly caps?: Caps;
  /** What to do about uncertain deliveries of a category. */
  readonly uncertain: (category: string) => UncertainPolicy;
  /** When deliveries of a category are tried again. */
  readonly retry: (category: string) => RetryPolicy;
  /** How long one attempt may take, milliseconds. */
  readonly sendTimeoutMs: number;
  /** Attempts under way at once at most, for each provider. */
  readonly concurrency: number;
  /** When a provider is not asked any more. */
  readonly breaker?: Partial<BreakerPolicy>;
  /** For how long after the end of an attempt's time its outcome may take to be recorded, seconds; default 30. */
  readonly leaseMarginSeconds?: number;
  /** When the provider is asked what became of an uncertain message, seconds; default 60. */
  readonly lookUpAfterSeconds?: number;
}
