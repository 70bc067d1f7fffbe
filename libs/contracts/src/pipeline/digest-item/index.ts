import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { waitingChannelSchema } from '../../digest-window.ts';
import { eventRequestSchema } from '../../events/event-requested/index.ts';
import { priorities, recipientIdSchema, uuidSchema } from '../../words.ts';

export const digestItemSchema = waitingChannelSchema.extend({
  notification_id: uuidSchema,
  recipient: recipientIdSchema,
  /** The record of the event. */
  event: z.object({ id: uuidSchema, type: z.string(), source: z.string() }),
  /** Catalog key of the notification type. */
  type: z.string(),
  category: z.string(),
  priority: z.enum(priorities),
  created_at: z.string(),
  expires_at: z.string().optional(),
  /** What a digest shows of it, in the recipient’s language. */
  words: z.object({ title: z.string(), message: z.string(), link: z.string().nullable() }).optional(),
  /** What a batch sends it with: the event as it was asked for. */
  request: eventRequestSchema.optional(),
  /** The window that it waited in until its recipient chose otherwise. */
  from: uuidSchema.optional(),
});
export type DigestItem = z.infer<typeof digestItemSchema>;

/** Adding the same one again changes nothing. */
export const digestItem = defineEvent<DigestItem>({
  type: 'carillon.digest.item.v1',
  exchange: 'pipeline',
  key: 'schedule.digest',
  lanes: false,
  summary: 'A notification is to wait for others and be sent together with them.',
  schema: digestItemSchema,
  example: {
    notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
    recipient: 'parent-17',
    channel: 'email',
    window: { kind: 'digest', frequency: 'daily', hour: 8, time_zone: 'Africa/Nairobi' },
    requested: false,
    until: '2026-11-22T05:00:00.000Z',
    event: { id: '019aa5e5-8f00-8a00-8000-000000000001', type: 'invoice.issued', source: '/finance' },
    type: 'invoice_issued',
    category: 'billing',
    priority: 'normal',
    created_at: '2026-11-21T09:30:00.000Z',
    words: {
      title: 'Invoice INV-1001',
      message: 'KES 12,500.00 is due on 1 December 2026.',
      link: '/invoices/1001',
    },
  },
});
