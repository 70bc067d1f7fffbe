import type { Caps } from '@carillon/contracts';
import { outboundConfig, secretsConfig } from '@carillon/service';
import { z } from 'zod';
import { defaultBreakerPolicy } from './provider/breaker.ts';
import type { DeliveryOptions } from './delivery-options.ts';
import { ratesSchema } from './rates/rates-setting.ts';
import { defaultRetryPolicy, retryDelaysByCategorySchema, retryDelaysSchema } from './retry/retry-policy.ts';
import type { UncertainPolicy } from './sending/verdict.ts';

const cap = (to: string) =>
  z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .describe(`Messages to ${to} (UTC) at most, where a tenant has set no cap of its own; unset: no cap`);

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
    .describe('Attempts under way at once at most, for each provider and replica'),
  RETRY_DELAYS_BY_CATEGORY: retryDelaysByCategorySchema,
  BREAKER_ERRORS: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(defaultBreakerPolicy.errors)
    .describe('So many errors of a provider within a minute, and it is not asked for a while'),
  BREAKER_SLOW_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(defaultBreakerPolicy.slowMs)
    .describe(
      'When 15 % of a provider’s answers within 15 minutes take longer, milliseconds, it is not asked for a while',
    ),
  SEND_RATES: ratesSchema,
  CAP_PER_RECIPIENT_HOUR: cap('one recipient in an hour'),
  CAP_PER_RECIPIENT_DAY: cap('one recipient in a day'),
  CAP_PER_DAY: cap('all recipients of a tenant in a day'),
  ...secretsConfig.shape,
  ...outboundConfig.shape,
});

export type DeliveryConfig = z.infer<typeof deliveryConfig>;

/** The options that follow from the settings that every sender has. */
export function deliveryOptionsOf(
  config: DeliveryConfig,
): Pick<DeliveryOptions, 'retry' | 'sendTimeoutMs' | 'concurrency' | 'breaker'> & { caps: Caps } {
  return {
    retry: (category) => ({
      ...defaultRetryPolicy,
      delaysSeconds: config.RETRY_DELAYS_BY_CATEGORY.get(category) ?? config.RETRY_DELAYS,
    }),
    sendTimeoutMs: config.SEND_TIMEOUT_MS,
    concurrency: config.SEND_CONCURRENCY,
    breaker: { errors: config.BREAKER_ERRORS, slowMs: config.BREAKER_SLOW_MS },
    caps: {
      per_recipient_hour: config.CAP_PER_RECIPIENT_HOUR,
      per_recipient_day: config.CAP_PER_RECIPIENT_DAY,
      per_day: config.CAP_PER_DAY,
    },
  };
}

/** `UNCERTAIN_POLICY`: what to do by category, such as `security=stop,*=resend`. */
export function uncertainPolicySchema(defaults: string) {
  const policies: readonly string[] = ['look_up', 'resend', 'stop'] satisfies UncertainPolicy[];
  return z
    .string()
    .default(defaults)
    .transform((text, context): ((category: string) => UncertainPolicy) => {
      const pairs = text.split(',').map((part) => part.trim().split('='));
      const wrong = pairs.some(
        ([category, policy, ...rest]) => !category || rest.length > 0 || !policies.includes(policy ?? ''),
      );
      const byCategory = new Map(pairs.map(([category, policy]) => [category!, policy as UncertainPolicy]));
      const others = byCategory.get('*');
      if (!wrong && others) return (category) => byCategory.get(category) ?? others;
      context.addIssue({
        code: 'custom',
        message: `must be category=policy pairs separated by commas, * for all others, such as ${defaults}; policies are ${policies.join(', ')}`,
      });
      return z.NEVER;
    })
    .describe(
      'What to do when nobody knows whether a provider took a message, by category: look_up asks the provider where it can be asked, and sends again only what it certainly has not; resend sends again where the provider cannot tell; stop leaves it to a person',
    );
}
