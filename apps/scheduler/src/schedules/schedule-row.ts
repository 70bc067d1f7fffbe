import {
  durationMs,
  eventId,
  eventRequested,
  uuidv8,
  type CloudEvent,
  type Schedule,
  type ScheduledEvent,
  type ScheduledPublish,
  type ScheduleRun,
} from '@carillon/contracts';
import { nextOccurrences } from '@carillon/time';
import type { NewTimer } from '../setting/new-timer.ts';
import { ruleOf } from './rule.ts';

/** A row of `schedules`. */
export interface ScheduleRow {
  tenant: string;
  schedule_id: string;
  revision: number;
  name: string;
  cron: string | null;
  rrule: string | null;
  time_zone: string;
  starts_at: string;
  event: ScheduledEvent | null;
  publish: ScheduledPublish | null;
  deadline: string;
  paused: boolean;
  next_at: Date | null;
  created_at: Date;
  created_by: string;
  updated_at: Date;
}

/** A timer's row as the history of a schedule shows it. */
export interface RunRow {
  timer_id: string;
  due_at: Date;
  state: ScheduleRun['status'];
  fired_at: Date | null;
  event_id: string | null;
  error: string | null;
}

const nextRunsShown = 5;

/** @param now Unix milliseconds */
export function scheduleOf(row: ScheduleRow, lastRun: RunRow | undefined, now: number): Schedule {
  const { schedule_id, revision: _, tenant: __, next_at, created_at, updated_at, ...shown } = row;
  // Its timer may be overdue for a moment: that time is still ahead.
  const from = next_at === null ? undefined : Math.min(next_at.getTime() - 1, now);
  return {
    ...shown,
    id: schedule_id,
    next_runs:
      from === undefined
        ? []
        : nextOccurrences(ruleOf(row), from, row.time_zone, nextRunsShown).map((ms) => new Date(ms).toISOString()),
    last_run: lastRun ? runOf(lastRun) : null,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

export function runOf({ timer_id, due_at, state, fired_at, event_id, error }: RunRow): ScheduleRun {
  return {
    id: timer_id,
    due_at: due_at.toISOString(),
    status: state,
    fired_at: fired_at?.toISOString() ?? null,
    event_id,
    error,
  };
}

/**
 * The timer of one of a schedule's times. Its id is that of the time, so that the time is planned once whoever plans it.
 *
 * @param source CloudEvents `source` of what the scheduler publishes
 * @param why what tells two timers for the same time apart
 */
export function timerOfRun(row: ScheduleRow, due: Date, source: string, why = `revision ${row.revision}`): NewTimer {
  const { tenant, schedule_id, event, publish, deadline } = row;
  const timer_id = uuidv8(due.getTime(), 'schedule', tenant, schedule_id, why);
  const message: CloudEvent = {
    specversion: '1.0',
    id: timer_id,
    source,
    type: publish?.type ?? eventRequested.type,
    time: due.toISOString(),
    tenant,
    data: publish?.data ?? event,
  };
  return {
    timer_id,
    tenant,
    kind: 'schedule',
    schedule_id,
    follows_zone: false,
    event_id: event ? eventId(due.getTime(), tenant, source, timer_id) : undefined,
    exchange: publish?.exchange,
    due_at: due.toISOString(),
    expires_at: new Date(due.getTime() + durationMs(deadline)).toISOString(),
    routing_key: publish ? publish.routing_key : eventRequested.key,
    message,
    recipients: [],
    state: 'pending',
    created_at: new Date().toISOString(),
  };
}
