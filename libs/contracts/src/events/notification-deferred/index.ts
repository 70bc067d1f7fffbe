import { z } from 'zod';
import { groupedSchema } from '../../content.ts';
import { defineEvent } from '../../define.ts';
import { availableChannels, recipientIdSchema, uuidSchema } from '../../words.ts';
import { eventRequested, eventRequestSchema } from '../event-requested/index.ts';

export const notificationDeferredSchema = z.object({
  event: z.object({ id: uuidSchema, type: z.string(), source: z.string() }),
  /** Catalog key of the notification type. */
  type: z.string(),
  recipient: recipientIdSchema,
  /** Channels to decide again. */
  channels: z.array(z.enum(availableChannels)).min(1),
  /** Until when they were deferred; what has been decided since stands. */
  until: z.string(),
  /** What they waited for; timers of an earlier version lack it, and those were quiet hours. */
  rule: z.enum(['quiet_hours', 'frequency']).optional(),
  /** It was woken before its time, to be decided anew, by this: the recipient's time zone has changed. */
  woken: z.object({ by: z.string() }).optional(),
  /** Of a batch: the similar ones that it stands for. */
  grouped: groupedSchema.optional(),
  /** The event as it was asked for. */
  request: eventRequestSchema,
});
export type NotificationDeferred = z.infer<typeof notificationDeferredSchema>;

/** Kept by a timer: at the end of the quiet hours, or at the hour of a digest, it comes back to be decided again. */
export const notificationDeferred = defineEvent<NotificationDeferred>({
  type: 'carillon.notification.deferred.v1',
  exchange: 'events',
  key: 'carillon.notification.deferred',
  lanes: false,
  summary: 'What some channels of a notification waited for has come: they are to be decided again.',
  schema: notificationDeferredSchema,
  example: {
    event: { id: '019aa5e5-8f00-8a00-8000-000000000001', type: 'invoice.issued', source: '/finance' },
    type: 'invoice_issued',
    recipient: 'parent-17',
    channels: ['email', 'sms'],
    until: '2026-11-22T04:00:00.000Z',
    rule: 'quiet_hours',
    request: eventRequested.example,
  },
});
