import type { Notification, NotificationChange } from '@carillon/contracts';

/**
 * What its recipient did with a notification.
 *
 *   in the inbox ⇄ archived
 *        ⇅
 *     snoozed      (back in the inbox, unread and at the top, as soon as `snoozed_until` has passed: no one has to do anything)
 *
 * Independent of that it is read or unread, seen or not.
 */
export interface State {
  arrived_at: Date;
  read_at: Date | null;
  first_read_at: Date | null;
  seen_at: Date | null;
  archived_at: Date | null;
  snoozed_until: Date | null;
}

/** What the API calls it. */
export function statusOf(
  state: Pick<State, 'read_at' | 'archived_at' | 'snoozed_until'>,
  now: Date,
): Notification['status'] {
  if (state.archived_at) return 'archived';
  if (isSnoozed(state, now)) return 'snoozed';
  return state.read_at ? 'read' : 'unread';
}

export function isSnoozed({ snoozed_until }: Pick<State, 'snoozed_until'>, now: Date): boolean {
  return snoozed_until !== null && snoozed_until > now;
}

/** What is different afterwards; nothing where the change was made before. */
export function changed(state: State, change: NotificationChange, now: Date): Partial<State> {
  const wanted = wantedBy(state, change, now);
  return Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => value?.getTime() !== state[name as keyof State]?.getTime()),
  );
}

function wantedBy(state: State, change: NotificationChange, now: Date): Partial<State> {
  switch (change.to) {
    case 'read':
      return {
        read_at: state.read_at ?? now,
        first_read_at: state.first_read_at ?? now,
        seen_at: state.seen_at ?? now,
      };
    case 'unread':
      return { read_at: null };
    case 'seen':
      return { seen_at: state.seen_at ?? now };
    case 'archive':
      return { archived_at: state.archived_at ?? now, ...awake(state, now) };
    case 'unarchive':
      return { archived_at: null };
    case 'snooze': {
      const until = new Date(change.until);
      return { snoozed_until: until, arrived_at: until, read_at: null, archived_at: null };
    }
    case 'unsnooze':
      return awake(state, now);
  }
}

/** It stands where it would have stood later. */
function awake(state: State, now: Date): Partial<State> {
  return isSnoozed(state, now) ? { snoozed_until: null, arrived_at: now } : {};
}
