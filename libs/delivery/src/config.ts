import { days, daysByTenant } from '@carillon/service';
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
  DELIVERY_RETENTION_DAYS: days
    .default(90)
    .describe(
      'Days for which deliveries are kept, with their attempts and receipts; a week goes when all of it is older.',
    ),
  DELIVERY_RETENTION_DAYS_BY_TENANT: daysByTenant.describe(
    'Fewer days for the deliveries of some tenants, such as school=30,shop=7.',
  ),
});

export type DeliveryConfig = z.infer<typeof deliveryConfig>;
