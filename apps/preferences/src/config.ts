import { z } from 'zod';

export const configSchema = z.object({
  DECISION_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(36_500)
    .default(90)
    .describe('Days for which events and the decisions about their notifications are kept.'),
});
export type PreferencesConfig = z.infer<typeof configSchema>;
