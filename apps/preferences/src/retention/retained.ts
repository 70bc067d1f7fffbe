import type { RetentionPart } from '@carillon/service';

/**
 * Decisions go with their week; what is not partitioned (events, whose identities must be unique over all time; finished fan-outs; what
 * was asked about addresses) in small deletes. A throttle says itself when it does not count any more.
 */
export const retained: readonly RetentionPart[] = [
  { kind: 'decisions', table: 'notifications', id: 'id' },
  { kind: 'decisions', table: 'events', since: 'first_at', where: `status <> 'scheduled'`, uncounted: true },
  { kind: 'decisions', table: 'fan_outs', since: 'finished_at', uncounted: true },
  { kind: 'decisions', table: 'suppression_requests', since: 'recorded_at', uncounted: true },
  { kind: 'leftovers', table: 'throttles', since: 'forget_at', days: 0 },
];

/** Partitions are made so many weeks before they are needed. */
export const weeksAhead = 8;
