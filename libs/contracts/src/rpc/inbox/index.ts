import { z } from 'zod';
import { templateRefSchema } from '../../content.ts';
import { defineRpc } from '../../define.ts';
import { inAppRendered } from '../../pipeline/in-app-rendered/index.ts';
import { priorities, timestampSchema } from '../../words.ts';
import { notificationExample, notificationSchema, type Notification } from './notification.ts';

export * from './notification.ts';

const of = z.object({ tenant: z.string(), recipient: z.string() });
const exampleOf = { tenant: 'default', recipient: 'parent-17' };
const one = of.extend({ id: z.string() });
const exampleOne = { ...exampleOf, id: notificationExample.id };
const changed = z.object({ updated: z.number().int() });

export const inboxViews = ['inbox', 'unread', 'read', 'archived', 'snoozed', 'all'] as const;
/**
 * What of a recipient’s notifications is meant. `inbox` is what is neither archived nor snoozed, `unread` and `read` are the two
 * parts of it, `all` is everything. Expired ones are in none.
 */
export type InboxView = (typeof inboxViews)[number];

const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty; leave it out to see everything')
    .max(most, `must be at most ${most} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or broken characters');

export const inboxFilterSchema = z.strictObject({
  status: z
    .enum(inboxViews, { error: `must be one of ${inboxViews.join(', ')}` })
    .default('inbox')
    .describe(
      '`inbox` is what is neither archived nor snoozed: the `unread` and the `read` ones. `all` has those too.',
    ),
  type: text(128).optional(),
  category: text(64).optional(),
  priority: z.enum(priorities, { error: `must be one of ${priorities.join(', ')}` }).optional(),
  q: text(100)
    .optional()
    .describe(
      'Words that all occur in title or message, in any case and order; of the newest 10,000 that the other filters leave.',
    ),
  since: timestampSchema.optional().describe('What came into the inbox, or back into it, at this time or later.'),
});
export type InboxFilter = z.infer<typeof inboxFilterSchema>;

/** Where a list goes on: the last notification shown, as milliseconds of its `arrived_at` and its id. */
export const inboxPlacePattern = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const listRequest = of.extend({
  filter: inboxFilterSchema,
  limit: z.number().int().min(1).max(100),
  /** The place after which to go on (exclusive). */
  after: z.string().nullable(),
});

/** Newest first; expired ones are left out. Errors: 400 for an `after` that is no place. */
export const listNotifications = defineRpc<z.infer<typeof listRequest>, { data: Notification[]; next: string | null }>({
  name: 'inbox.notifications.list.v1',
  service: 'inbox',
  summary: 'A page of a recipient’s notifications, newest first.',
  request: listRequest,
  response: z.object({ data: z.array(notificationSchema), next: z.string().nullable() }),
  example: {
    request: { ...exampleOf, filter: { status: 'inbox' }, limit: 20, after: null },
    response: { data: [notificationExample], next: null },
  },
});

const missedRequest = of.extend({
  /** The id of the last one that the asker has. */
  since: z.string(),
  /** Begins so much earlier: of two that are stored at the same moment, the one that arrived first may be seen last. */
  overlap_ms: z.number().int().min(0).max(60_000).optional(),
  limit: z.number().int().min(1).max(500),
});
type MissedRequest = z.infer<typeof missedRequest>;

/**
 * What came into the inbox, or back into it, after a notification that the asker has; the one to ask with next is the last one.
 * `overlap` says how many of them, first in line, did not come after it. When that one is gone, or no longer stands where it stood
 * (joined by a similar one, snoozed), the time that its id begins with counts. Errors: 400 for what is no id.
 */
export const missedNotifications = defineRpc<MissedRequest, { data: Notification[]; overlap: number; more: boolean }>({
  name: 'inbox.notifications.missed.v1',
  service: 'inbox',
  summary: 'What came into an inbox since a notification, oldest first.',
  request: missedRequest,
  response: z.object({ data: z.array(notificationSchema), overlap: z.number().int(), more: z.boolean() }),
  example: {
    request: { ...exampleOf, since: '019aa5e5-8000-8b1c-9d2e-3f4a5b6c7d8e', limit: 100 },
    response: { data: [notificationExample], overlap: 0, more: false },
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

const counts = z.record(z.string(), z.number().int());
export const inboxStatsSchema = z.object({
  /** Everything that has not expired, by status. */
  status: z.object({
    unread: z.number().int(),
    read: z.number().int(),
    archived: z.number().int(),
    snoozed: z.number().int(),
  }),
  /** Not even shown yet, of what is in the inbox. */
  unseen: z.number().int(),
  /** What is in the inbox: neither archived nor snoozed. */
  category: counts,
  type: counts,
  priority: counts,
});
export type InboxStats = z.infer<typeof inboxStatsSchema>;

export const inboxStats = defineRpc<z.infer<typeof of>, InboxStats>({
  name: 'inbox.notifications.stats.v1',
  service: 'inbox',
  summary: 'How many notifications a recipient has, by status, category, type and priority.',
  request: of,
  response: inboxStatsSchema,
  example: {
    request: exampleOf,
    response: {
      status: { unread: 1, read: 3, archived: 0, snoozed: 0 },
      unseen: 0,
      category: { billing: 4 },
      type: { invoice_issued: 4 },
      priority: { normal: 4 },
    },
  },
});

/** Errors: 404. */
export const getNotification = defineRpc<z.infer<typeof one>, Notification>({
  name: 'inbox.notifications.get.v1',
  service: 'inbox',
  summary: 'One notification of a recipient.',
  request: one,
  response: notificationSchema,
  example: { request: exampleOne, response: notificationExample },
});

/** A notification with the words that it shows, for whoever asks why it says what it says. */
export const tracedNotificationSchema = notificationSchema.extend({ template: templateRefSchema });
export type TracedNotification = z.infer<typeof tracedNotificationSchema>;

/** Errors: 404. */
export const traceNotification = defineRpc<z.infer<typeof one>, TracedNotification>({
  name: 'inbox.notifications.trace.v1',
  service: 'inbox',
  summary: 'One notification of a recipient with the words that it shows.',
  request: one,
  response: tracedNotificationSchema,
  example: {
    request: exampleOne,
    response: { ...notificationExample, template: inAppRendered.example.template },
  },
});

export const notificationChanges = ['read', 'unread', 'seen', 'archive', 'unarchive', 'unsnooze'] as const;
export const notificationChangeSchema = z.discriminatedUnion('to', [
  z.object({ to: z.enum(notificationChanges) }),
  z.object({ to: z.literal('snooze'), until: timestampSchema }),
]);
/** What its recipient does with a notification. */
export type NotificationChange = z.infer<typeof notificationChangeSchema>;

const changeRequest = one.extend({ change: notificationChangeSchema });

/** Changes one; repeating it changes nothing. Errors: 404, 422 `invalid_snooze`. */
export const changeNotification = defineRpc<z.infer<typeof changeRequest>, Notification>({
  name: 'inbox.notifications.change.v1',
  service: 'inbox',
  summary: 'Marks one notification read, unread, seen, archived or snoozed.',
  request: changeRequest,
  response: notificationSchema,
  example: {
    request: { ...exampleOne, change: { to: 'read' } },
    response: { ...notificationExample, status: 'read', read: true },
  },
});

const readAllRequest = of.extend({ type: z.string().optional(), category: z.string().optional() });

/** Of what is in the inbox: archived and snoozed ones stay as they are. */
export const markAllRead = defineRpc<z.infer<typeof readAllRequest>, { updated: number }>({
  name: 'inbox.notifications.mark_all_read.v1',
  service: 'inbox',
  summary: 'Marks all of a recipient’s notifications read, or those of a type or category.',
  request: readAllRequest,
  response: changed,
  example: { request: { ...exampleOf, category: 'billing' }, response: { updated: 3 } },
});

const deleted = z.object({ deleted: z.number().int() });

/** Deletes one for good; repeating it deletes nothing. Errors: 404. */
export const deleteNotification = defineRpc<z.infer<typeof one>, { deleted: number }>({
  name: 'inbox.notifications.delete.v1',
  service: 'inbox',
  summary: 'Deletes one notification of a recipient.',
  request: one,
  response: deleted,
  example: { request: exampleOne, response: { deleted: 1 } },
});

/** Deletes for good what `status=read` lists. */
export const deleteRead = defineRpc<z.infer<typeof of>, { deleted: number }>({
  name: 'inbox.notifications.delete_read.v1',
  service: 'inbox',
  summary: 'Deletes all of a recipient’s notifications that are read and in the inbox.',
  request: of,
  response: deleted,
  example: { request: exampleOf, response: { deleted: 12 } },
});

const watchRequest = z.object({
  tenant: z.string(),
  recipients: z.array(z.string()).min(1).max(1000),
  seconds: z.number().int().min(1).max(3600),
});

/**
 * Has the changes of these inboxes signalled (`inboxChanged`) for so long; nothing is published for others. To miss nothing: bind
 * the queue, watch, and only then read what the inbox has; watch again well before the time is over. Whoever was late has
 * missed something and reads anew. Nobody has to say when they no longer watch.
 */
export const watchInboxes = defineRpc<z.infer<typeof watchRequest>, object>({
  name: 'inbox.notifications.watch.v1',
  service: 'inbox',
  summary: 'Has the changes of some inboxes signalled for a while.',
  request: watchRequest,
  response: z.object({}),
  example: { request: { tenant: 'default', recipients: ['parent-17'], seconds: 900 }, response: {} },
});
