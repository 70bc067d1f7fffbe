import { exchangePermitsSchema } from '@carillon/messaging';
import { days } from '@carillon/service';
import { z } from 'zod';

export const configSchema = z.object({
  DECISION_RETENTION_DAYS: days
    .default(90)
    .describe('Days for which events and the decisions about their notifications are kept.'),
  SOURCE_EXCHANGES: exchangePermitsSchema.describe(
    'Which exchanges of domain services which tenant may name in its catalog, such as school=studio.*,*=amq.topic; without it every one that is not Carillon’s own',
  ),
});
export type PreferencesConfig = z.infer<typeof configSchema>;
