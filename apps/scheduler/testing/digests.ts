import { digestItem, notificationId, uuidv8, type DigestItem, type Window } from '@carillon/contracts';
import type { TestDatabase } from '@carillon/testing';

let items = 0;

/** An item of a notification of its own, the later one after the earlier. */
export function itemOf(window: Window, changes: Partial<DigestItem> = {}): DigestItem {
  items += 1;
  const at = Date.now() - 1_000_000 + items;
  const event = uuidv8(at, 'event', String(items));
  const recipient = changes.recipient ?? 'amina';
  return {
    ...digestItem.example,
    notification_id: notificationId(event, 'comment_added', recipient),
    recipient,
    event: { id: event, type: 'comment.added', source: '/blog' },
    type: 'comment_added',
    category: 'activity',
    window,
    created_at: new Date(at).toISOString(),
    words: { title: `Comment ${items}`, message: 'Nice.', link: null },
    ...changes,
  };
}

/** The windows of a recipient, as tests look at them. */
export function windowsOf(database: TestDatabase, recipient = 'amina') {
  return database.query<{
    window_id: string;
    kind: string;
    channel: string;
    scope: string;
    state: string;
    due_at: Date;
    closed_at: Date | null;
    items: number;
    notification_id: string | null;
  }>('SELECT * FROM scheduler.digest_windows WHERE recipient = $1 ORDER BY opened_at, window_id', [recipient]);
}

/** Lets the time of what waits come now. */
export async function letCome(database: TestDatabase): Promise<void> {
  await database.query(`UPDATE scheduler.digest_windows SET due_at = now() WHERE state = 'pending'`);
}
