import { tenantSchema } from '@carillon/contracts';
import { z } from 'zod';

/** A setting: for how many days something is kept. */
export const days = z.coerce
  .number('must be a number of days')
  .int('must be a whole number of days')
  .min(1, 'must be at least 1 day')
  .max(36_500, 'must be at most 36500 days');

/** A setting: the days of some tenants, such as `school=90,shop=7`. */
export const daysByTenant = z
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
