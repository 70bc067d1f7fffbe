import { z } from 'zod';
import { defaultDelaysSeconds } from './retries.ts';

/** The settings of outbound webhooks. */
export const webhooksConfig = z.object({
  WEBHOOK_RETRY_DELAYS: z
    .string()
    .default(defaultDelaysSeconds.join(','))
    .transform((text, context) => {
      const delays = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
      if (delays.length <= 20 && delays.every((delay) => delay >= 0 && delay <= 86_400)) return delays;
      context.addIssue({
        code: 'custom',
        message: 'must be at most 20 delays in seconds from 0 to 86400, separated by commas, such as 5,300,1800',
      });
      return z.NEVER;
    })
    .describe(
      'Seconds to wait before each retry at a tenant’s webhook, separated by commas; as many retries as delays',
    ),
  WEBHOOK_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(15_000)
    .describe('How long a tenant’s webhook may take to answer, milliseconds'),
  WEBHOOK_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Messages that one replica posts to one webhook of a tenant at a time'),
  WEBHOOK_DISABLE_AFTER_DAYS: z.coerce
    .number()
    .min(0)
    .max(365)
    .default(5)
    .describe('Days without a single success after which a tenant’s webhook is disabled, and its admins are told'),
});
