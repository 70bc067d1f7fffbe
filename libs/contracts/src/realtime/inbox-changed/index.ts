import { hash } from 'node:crypto';
import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { notificationExample, notificationSchema } from '../../rpc/inbox/notification.ts';

export const inboxChangedSchema = z.object({
  recipient: z.string(),
  /** New in the inbox, in the order in which lists have them, oldest first. */
  created: z.array(notificationSchema),
  /** Changed by the recipient, joined by a similar one, or back from snoozing; as they are now. */
  updated: z.array(notificationSchema),
  /** Ids of those that are gone. */
  deleted: z.array(z.string()),
  /** More has changed at once than is listed here: whoever shows a list reads it anew. */
  reload: z.boolean(),
  /** After all of it. */
  unread_count: z.number().int(),
});
export type InboxChanged = z.infer<typeof inboxChangedSchema>;

/**
 * For whoever holds a socket of the recipient: bind {@link inboxKey} to `carillon.realtime`, then say so by `watchInboxes`, as
 * nothing is published for inboxes that nobody watches. The tenant is the event’s own attribute. A signal may come twice; what is
 * in it is what lists would say.
 */
export const inboxChanged = defineEvent<InboxChanged>({
  type: 'carillon.inbox.changed.v1',
  exchange: 'realtime',
  key: 'inbox',
  perRecipient: true,
  announcement: true,
  lanes: false,
  summary: 'Something changed in a recipient’s inbox.',
  schema: inboxChangedSchema,
  example: {
    recipient: 'parent-17',
    created: [notificationExample],
    updated: [],
    deleted: [],
    reload: false,
    unread_count: 1,
  },
});

/** The routing key of one recipient’s signals: ids may be longer than a routing key, so it has their hash. */
export function inboxKey(tenant: string, recipient: string): string {
  return `${inboxChanged.key}.${hash('sha256', `${tenant} ${recipient}`, 'base64url')}`;
}
