import { z } from 'zod';
import { actorSchema, batchSchema, contentSchema, groupedSchema } from '../../content.ts';
import { defineEvent } from '../../define.ts';
import { waitingChannelSchema } from '../../digest-window.ts';
import { trackingSchema } from '../../tracking.ts';
import { channels, jsonObjectSchema, lanes, priorities } from '../../words.ts';

export const notificationRoutedSchema = z.object({
  notification_id: z.string(),
  event: z.object({ id: z.string(), type: z.string(), source: z.string() }),
  /** Catalog key of the notification type. */
  type: z.string(),
  /** The type whose words are used; its own when left out. */
  template: z.string().optional(),
  /** Of the tenant's catalog that the type comes from; left out for a built-in one. Its words are to be in use. */
  catalog_version: z.number().int().optional(),
  category: z.string(),
  /** It cannot be unsubscribed from; `false` when left out. */
  mandatory: z.boolean().optional(),
  /** What of its emails is tracked; nothing when left out. */
  tracking: trackingSchema.optional(),
  priority: z.enum(priorities),
  lane: z.enum(lanes),
  recipient: z.object({
    id: z.string(),
    name: z.string().nullable(),
    locale: z.string(),
    time_zone: z.string(),
  }),
  /** The decision's outcome: one entry per channel and contact that will be delivered to. */
  deliveries: z.array(z.object({ delivery_id: z.string(), channel: z.enum(channels), address: z.string() })),
  /** Channels on which it waits for a digest: the renderer says what that shows of it. */
  digests: z.array(waitingChannelSchema).optional(),
  /** Of a batch: how many it stands for, itself included, and the latest of them in their order. Only itself when left out. */
  grouped: groupedSchema.optional(),
  data: jsonObjectSchema,
  content: contentSchema.optional(),
  actor: actorSchema.optional(),
  correlation_key: z.string().optional(),
  /** Similar ones that it becomes one with in the inbox. */
  batch: batchSchema.optional(),
  metadata: jsonObjectSchema.optional(),
  expires_at: z.string().optional(),
  created_at: z.string(),
});
export type NotificationRouted = z.infer<typeof notificationRoutedSchema>;

export const notificationRouted = defineEvent<NotificationRouted>({
  type: 'carillon.notification.routed.v1',
  exchange: 'pipeline',
  key: 'routed',
  lanes: true,
  bulk: 'data',
  summary: 'Preferences decided that a recipient is to be notified, and on which channels.',
  schema: notificationRoutedSchema,
  example: {
    notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
    event: { id: '019aa5e5-8f00-8a00-8000-000000000001', type: 'invoice.issued', source: '/finance' },
    type: 'invoice_issued',
    category: 'billing',
    priority: 'normal',
    lane: 'normal',
    recipient: { id: 'parent-17', name: 'Amina Otieno', locale: 'en', time_zone: 'Africa/Nairobi' },
    deliveries: [
      { delivery_id: '019aa5e5-8f00-8c00-8000-000000000002', channel: 'in_app', address: 'parent-17' },
      { delivery_id: '019aa5e5-8f00-8c00-8000-000000000003', channel: 'email', address: 'amina@example.org' },
    ],
    data: { invoice_number: 'INV-1001', amount: 12500, currency: 'KES', due_date: '2026-12-01' },
    created_at: '2026-11-21T09:30:00.000Z',
  },
});
