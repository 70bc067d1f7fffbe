import { defineEvent } from '../../define.ts';
import { notificationCreated, notificationFactSchema, type NotificationFact } from '../notification-created/index.ts';

export const notificationRead = defineEvent<NotificationFact>({
  type: 'carillon.notification.read.v1',
  exchange: 'outcomes',
  key: 'notification.read',
  lanes: false,
  summary: 'The recipient read a notification for the first time.',
  schema: notificationFactSchema,
  example: notificationCreated.example,
});
