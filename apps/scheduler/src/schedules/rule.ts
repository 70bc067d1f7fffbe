import type { FieldError, ScheduleInput } from '@carillon/contracts';
import {
  canonicalTimeZone,
  cron,
  nextOccurrence,
  RecurrenceError,
  rrule,
  unknownTimeZone,
  wallClockAt,
  type Recurrence,
} from '@carillon/time';

/** What says when a schedule happens. */
export interface Times {
  cron?: string | null;
  rrule?: string | null;
  time_zone: string;
  /** Local time, such as 2026-12-01T08:00. */
  starts_at: string;
}

/** The rule of a schedule. @throws RecurrenceError */
export function ruleOf({ cron: fields, rrule: text, starts_at, time_zone }: Times): Recurrence {
  const starts = Date.parse(`${starts_at}Z`);
  if (text) return rrule(text, starts, time_zone);
  const rule = cron(fields!);
  return { next: (after) => rule.next(Math.max(after, starts - 1)) };
}

/** What is wrong with the times of a schedule. None when it happens at least once after `now` (Unix milliseconds). */
export function mistakesIn({ time_zone, ...times }: Times, now: number): FieldError[] {
  const zone = canonicalTimeZone(time_zone);
  if (zone === undefined) return [{ path: 'time_zone', message: unknownTimeZone(time_zone) }];
  const path = times.cron ? 'cron' : 'rrule';
  try {
    if (nextOccurrence(ruleOf({ ...times, time_zone }), now, zone) !== undefined) return [];
    return [{ path, message: 'never comes true after now: name a day that there is, or a later end' }];
  } catch (error) {
    if (error instanceof RecurrenceError) return [{ path, message: error.message }];
    throw error;
  }
}

/** What was sent for a schedule; it starts now where that does not say when. */
export function timesOf({ cron: fields, rrule: text, time_zone, starts_at }: ScheduleInput, now: number): Times {
  return { cron: fields, rrule: text, time_zone, starts_at: starts_at ?? shownAt(now, time_zone) };
}

function shownAt(now: number, zone: string): string {
  // Of a zone that is none, which is told elsewhere, any.
  return new Date(wallClockAt(now, canonicalTimeZone(zone) ?? 'UTC')).toISOString().slice(0, 16);
}
