import type { RetentionPart } from '@carillon/service';

/** What the scheduler holds until its days are over. What was said of a key is looked up for far longer than an event can be late. */
export const retained: readonly RetentionPart[] = [
  { kind: 'timers', table: 'timers', since: 'due_at', where: `state <> 'pending' AND schedule_id IS NULL` },
  { kind: 'schedule_runs', table: 'timers', since: 'due_at', where: `state <> 'pending' AND schedule_id IS NOT NULL` },
  { kind: 'digests', table: 'digest_windows', since: 'closed_at', where: `state <> 'pending'` },
  { kind: 'leftovers', table: 'timer_keys', since: 'changed_at', days: 30 },
  { kind: 'leftovers', table: 'cancelled_events', since: 'cancelled_at' },
  {
    kind: 'leftovers',
    table: 'retention_removed',
    where: `run_id IN (SELECT run_id FROM retention_runs WHERE begun_at < now() - interval '90 days')`,
    uncounted: true,
  },
  { kind: 'leftovers', table: 'retention_runs', since: 'begun_at' },
];
