import { z } from 'zod';
import { exchangePermitsSchema } from './sources/permitted.ts';

export const configSchema = z.object({
  DECISION_RETENTION_DAYS: z.coerce
    .number('must be a number of days')
    .int('must be a whole number of days')
    .min(1, 'must be at least 1 day')
    .max(36_500, 'must be at most 36500 days')
    .default(90)
    .describe('Days for which events and the decisions about their notifications are kept.'),
  SOURCE_EXCHANGES: exchangePermitsSchema.describe(
    'Which exchanges of domain services which tenant may name in its catalog, such as school=studio.*,*=amq.topic; without it every one that is not Carillon’s own',
  ),
});
export type PreferencesConfig = z.infer<typeof configSchema>;
