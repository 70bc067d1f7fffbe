import { z } from 'zod';
import { actionSchema, actorSchema } from '../../content.ts';
import { defineRpc } from '../../define.ts';
import { inAppRendered } from '../../pipeline/in-app-rendered/index.ts';
import { jsonObjectSchema, priorities } from '../../words.ts';

/** An in-app notification as client apps see it. */
export const notificationSchema = z.object({
  id: z.string(),
  type: z.string(),
  category: z.string(),
  priority: z.enum(priorities),
  title: z.string(),
  message: z.string(),
  html: z.string().nullable(),
  link: z.string().nullable(),
  image: z.string().nullable(),
  actions: z.array(actionSchema),
  metadata: jsonObjectSchema,
  actor: actorSchema.nullable(),
  status: z.enum(['unread', 'read']),
  read: z.boolean(),
  read_at: z.string().nullable(),
  expires_at: z.string().nullable(),
  created_at: z.string(),
});
export type Notification = z.infer<typeof notificationSchema>;

const { example: rendered } = inAppRendered;
const exampleNotification: Notification = {
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
  actor: null,
  status: 'unread',
  read: false,
  read_at: null,
  expires_at: null,
  created_at: rendered.created_at,
};

const of = z.object({ tenant: z.string(), recipient: z.string() });
const exampleOf = { tenant: 'default', recipient: 'parent-17' };

export const inboxFilterSchema = z.strictObject({
  status: z.enum(['unread', 'read', 'all']).default('all'),
  type: z.string().optional(),
  category: z.string().optional(),
  priority: z.enum(priorities).optional(),
});
export type InboxFilter = z.infer<typeof inboxFilterSchema>;

const listRequest = of.extend({
  filter: inboxFilterSchema,
  limit: z.number().int().min(1).max(100),
  /** The id after which to go on (exclusive). */
  after: z.string().nullable(),
});

/** Newest first; expired ones are left out. */
export const listNotifications = defineRpc<z.infer<typeof listRequest>, { data: Notification[]; next: string | null }>({
  name: 'inbox.notifications.list.v1',
  service: 'inbox',
  summary: 'A page of a recipient’s notifications, newest first.',
  request: listRequest,
  response: z.object({ data: z.array(notificationSchema), next: z.string().nullable() }),
  example: {
    request: { ...exampleOf, filter: { status: 'all' }, limit: 20, after: null },
    response: { data: [exampleNotification], next: null },
  },
});

export const countUnread = defineRpc<z.infer<typeof of>, { count: number }>({
  name: 'inbox.notifications.count_unread.v1',
  service: 'inbox',
  summary: 'How many notifications a recipient has not read.',
  request: of,
  response: z.object({ count: z.number().int() }),
  example: { request: exampleOf, response: { count: 1 } },
});

const one = of.extend({ id: z.string() });
const exampleOne = { ...exampleOf, id: exampleNotification.id };

/** Errors: 404. */
export const getNotification = defineRpc<z.infer<typeof one>, Notification>({
  name: 'inbox.notifications.get.v1',
  service: 'inbox',
  summary: 'One notification of a recipient.',
  request: one,
  response: notificationSchema,
  example: { request: exampleOne, response: exampleNotification },
});

const markRequest = one.extend({ read: z.boolean() });

/** Marks one read or unread; repeating it changes nothing. Errors: 404. */
export const markNotification = defineRpc<z.infer<typeof markRequest>, Notification>({
  name: 'inbox.notifications.mark.v1',
  service: 'inbox',
  summary: 'Marks one notification read or unread.',
  request: markRequest,
  response: notificationSchema,
  example: { request: { ...exampleOne, read: true }, response: { ...exampleNotification, status: 'read', read: true } },
});

export const markAllRead = defineRpc<z.infer<typeof of>, { updated: number }>({
  name: 'inbox.notifications.mark_all_read.v1',
  service: 'inbox',
  summary: 'Marks all of a recipient’s notifications read.',
  request: of,
  response: z.object({ updated: z.number().int() }),
  example: { request: exampleOf, response: { updated: 3 } },
});

/** The in-app side of a trace: when it was stored and read, whoever asks for the tenant. Errors: 404. */
const traceRequest = z.object({ tenant: z.string(), id: z.string() });
export const traceNotification = defineRpc<z.infer<typeof traceRequest>, Notification>({
  name: 'inbox.notifications.trace.v1',
  service: 'inbox',
  summary: 'One notification, for an admin of the tenant.',
  request: traceRequest,
  response: notificationSchema,
  example: { request: { tenant: 'default', id: exampleNotification.id }, response: exampleNotification },
});
