import { z } from 'zod';
import { retryDelaysSchema } from './retry/retry-policy.ts';

/** Environment variables that every sender has. */
export const deliveryConfig = z.object({
  RETRY_DELAYS: retryDelaysSchema,
  SEND_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(600_000)
    .default(30_000)
    .describe('How long one attempt may take, milliseconds; without an answer by then its outcome is unknown'),
  SEND_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(20)
    .describe('Attempts under way at once at most, for each replica'),
});

export type DeliveryConfig = z.infer<typeof deliveryConfig>;
