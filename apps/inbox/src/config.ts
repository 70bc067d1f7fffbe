import { days, daysByTenant } from '@carillon/service';
import { z } from 'zod';

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
