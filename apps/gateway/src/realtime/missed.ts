import type { missedNotifications, Notification } from '@carillon/contracts';
import type { ResponseOf } from '@carillon/messaging';

export interface Missed {
  event: 'notification.created' | 'notification.updated';
  notification: Notification;
}

/**
 * What a client has missed, in order. Of those that arrived before the last one it has, it is only known to lack what lies between
 * others that it has: it may have read the rest from a list. What it has and what came in again since (joined by a similar one,
 * back from snoozing) is an update.
 *
 * @param has ids of notifications that it has, not all of them
 * @param since the last of them
 */
export function missedBy(
  has: Pick<ReadonlySet<string>, 'has'>,
  since: string,
  { data, overlap }: Pick<ResponseOf<typeof missedNotifications>, 'data' | 'overlap'>,
): Missed[] {
  const before = data.slice(0, overlap);
  const known = before.findIndex(({ id }) => has.has(id));
  const between = known < 0 ? [] : before.slice(known).filter(({ id }) => !has.has(id));
  const isKnown = ({ id, count }: Notification) => has.has(id) || (count > 1 && id < since);
  return [
    ...between.map((notification): Missed => ({ event: 'notification.created', notification })),
    ...data.slice(overlap).map((notification): Missed => ({
      event: isKnown(notification) ? 'notification.updated' : 'notification.created',
      notification,
    })),
  ];
}
