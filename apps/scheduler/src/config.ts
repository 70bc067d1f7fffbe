import { exchangePermitsSchema } from '@carillon/messaging';
import { z } from 'zod';
import { retentionSettings } from './retention/settings.ts';

/** The scheduler's own environment variables. */
export const configSchema = z.object({
  ...retentionSettings,
  SOURCE_EXCHANGES: exchangePermitsSchema.describe(
    'To which exchanges of domain services the schedules of which tenant may publish; the same list as that of preferences',
  ),
});
export type SchedulerConfig = Readonly<z.infer<typeof configSchema>>;
