import type { RetentionPart } from '@carillon/service';

/**
 * The log goes by the week, all of a delivery together. A receipt waits a week for its delivery: providers report for up to three days.
 * That a suppression was lifted is remembered for longer than a message can be overtaken.
 */
export const retained: readonly RetentionPart[] = [
  { kind: 'deliveries', table: 'receipts', id: 'delivery_id', uncounted: true },
  { kind: 'deliveries', table: 'attempts', id: 'delivery_id', uncounted: true },
  { kind: 'deliveries', table: 'deliveries', id: 'id' },
  { kind: 'leftovers', table: 'unmatched_receipts', since: 'received_at', days: 7 },
  { kind: 'leftovers', table: 'suppressed_addresses', since: 'as_of', where: 'reason IS NULL', days: 7 },
  { kind: 'leftovers', table: 'cancelled_events', since: 'cancelled_at' },
];

/** Partitions are made so many weeks before they are needed. Each one costs every statement a little, so no more than needed. */
export const weeksAhead = 2;
