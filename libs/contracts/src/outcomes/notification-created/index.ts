import { z } from 'zod';
import { templateRefSchema } from '../../content.ts';
import { defineEvent } from '../../define.ts';

export const notificationFactSchema = z.object({
  notification_id: z.string(),
  recipient: z.string(),
  type: z.string(),
  category: z.string(),
  /** Which words it shows. */
  template: templateRefSchema.optional(),
  at: z.string(),
});
export type NotificationFact = z.infer<typeof notificationFactSchema>;

export const notificationCreated = defineEvent<NotificationFact>({
  type: 'carillon.notification.created.v1',
  exchange: 'outcomes',
  key: 'notification.created',
  lanes: false,
  summary: 'A notification stands in the recipient’s inbox.',
  schema: notificationFactSchema,
  example: {
    notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
    recipient: 'parent-17',
    type: 'invoice_issued',
    category: 'billing',
    template: { key: 'invoice_issued', version: 1, locale: 'en' },
    at: '2026-11-21T09:30:00.500Z',
  },
});
