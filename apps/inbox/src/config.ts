import { tenantSchema } from '@carillon/contracts';
import { z } from 'zod';

const days = z.coerce
  .number('must be a number of days')
  .int('must be a whole number of days')
  .min(1, 'must be at least 1 day')
  .max(36_500, 'must be at most 36500 days');

/** `school=90,shop=7` */
const daysByTenant = z
  .string()
  .default('')
  .transform((text, context): Record<string, number> => {
    const pairs = text.split(',').filter((pair) => pair.trim());
    const byTenant: Record<string, number> = {};
    for (const [tenant = '', value = '', ...more] of pairs.map((pair) => pair.trim().split('='))) {
      const parsed = days.safeParse(value || undefined);
      if (parsed.success && more.length === 0 && tenantSchema.safeParse(tenant).success) byTenant[tenant] = parsed.data;
      else context.addIssue('must be pairs of tenant and days such as school=90,shop=7');
    }
    return byTenant;
  });

export const configSchema = z.object({
  READ_RETENTION_DAYS: days.default(30).describe('Days for which notifications are kept after they were read.'),
  EXPIRED_RETENTION_DAYS: days
    .default(7)
    .describe('Days for which expired notifications are kept; lists and counts leave them out at once.'),
  READ_RETENTION_DAYS_BY_TENANT: daysByTenant.describe(
    'Other days for some tenants’ read notifications, such as school=90,shop=7.',
  ),
  EXPIRED_RETENTION_DAYS_BY_TENANT: daysByTenant.describe(
    'Other days for some tenants’ expired notifications, such as school=90,shop=7.',
  ),
});
export type InboxConfig = z.infer<typeof configSchema>;
