import { z } from 'zod';

const days = z.coerce.number().int().min(1).max(36_500);

export const configSchema = z.object({
  READ_RETENTION_DAYS: days.default(30).describe('Days for which notifications are kept after they were read.'),
  EXPIRED_RETENTION_DAYS: days
    .default(7)
    .describe('Days for which expired notifications are kept; lists and counts leave them out at once.'),
});
export type InboxConfig = z.infer<typeof configSchema>;
