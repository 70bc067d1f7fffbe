import type { RetentionPart } from '@carillon/service';

/** What an inbox holds until its days are over, and what is left of what was deleted: longer than the broker could deliver it again. */
export const retained: readonly RetentionPart[] = [
  { kind: 'read_notifications', table: 'notifications', since: 'read_at' },
  { kind: 'expired_notifications', table: 'notifications', since: 'expires_at' },
  { kind: 'leftovers', table: 'notifications', since: 'deleted_at', days: 7 },
  { kind: 'leftovers', table: 'watched_inboxes', since: 'until', days: 1 },
  { kind: 'leftovers', table: 'cancelled_events', since: 'cancelled_at' },
];
