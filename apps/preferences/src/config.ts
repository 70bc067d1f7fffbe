import { exchangePermitsSchema } from '@carillon/messaging';
import { z } from 'zod';

export const configSchema = z.object({
  SOURCE_EXCHANGES: exchangePermitsSchema.describe(
    'Which exchanges of domain services which tenant may name in its catalog, such as school=studio.*,*=amq.topic; without it every one that is not Carillon’s own',
  ),
});
export type PreferencesConfig = z.infer<typeof configSchema>;
