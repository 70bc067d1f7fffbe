import { z } from 'zod';
import { actionSchema, actorSchema, relatedSchema } from '../../content.ts';
import { inAppRendered } from '../../pipeline/in-app-rendered/index.ts';
import { jsonObjectSchema, priorities } from '../../words.ts';

export const notificationStatuses = ['unread', 'read', 'archived', 'snoozed'] as const;

/** An in-app notification as client apps see it, by REST and by WebSocket alike. */
export const notificationSchema = z.object({
  id: z.string(),
  type: z.string(),
  category: z.string(),
  priority: z.enum(priorities),
  title: z.string(),
  message: z.string(),
  /** Sanitised. */
  html: z.string().nullable(),
  link: z.string().nullable(),
  image: z.string().nullable(),
  actions: z.array(actionSchema),
  metadata: jsonObjectSchema,
  /** Ids of what it is about, by the names that the event’s data have. */
  related: relatedSchema,
  /** Who caused it; where similar ones became one, who caused the last. */
  actor: actorSchema.nullable(),
  /** The last of those who caused it, the latest first. */
  actors: z.array(actorSchema),
  /** How many similar ones it stands for. */
  count: z.number().int(),
  /** Where it is: `archived` and `snoozed` ones may be read or not. */
  status: z.enum(notificationStatuses),
  read: z.boolean(),
  read_at: z.string().nullable(),
  seen_at: z.string().nullable(),
  archived_at: z.string().nullable(),
  /** Only while it is snoozed. */
  snoozed_until: z.string().nullable(),
  expires_at: z.string().nullable(),
  created_at: z.string(),
  /** When it came into the inbox, or back into it (in the future while it is snoozed): lists are in this order, latest first. */
  arrived_at: z.string(),
  /** How long ago that was, in the recipient’s language. */
  time_ago: z.string(),
});
export type Notification = z.infer<typeof notificationSchema>;

const { example: rendered } = inAppRendered;
export const notificationExample: Notification = {
  id: rendered.notification_id,
  type: rendered.type,
  category: rendered.category,
  priority: rendered.priority,
  title: rendered.title,
  message: rendered.message,
  html: null,
  link: null,
  image: null,
  actions: [],
  metadata: {},
  related: { invoice_id: 'INV-1001' },
  actor: null,
  actors: [],
  count: 1,
  status: 'unread',
  read: false,
  read_at: null,
  seen_at: null,
  archived_at: null,
  snoozed_until: null,
  expires_at: null,
  created_at: rendered.created_at,
  arrived_at: rendered.created_at,
  time_ago: '3 minutes ago',
};
