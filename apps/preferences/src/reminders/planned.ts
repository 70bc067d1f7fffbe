import {
  reminderDue,
  uuidv8,
  type CloudEvent,
  type EventRequest,
  type ReminderDue,
  type TimerSet,
} from '@carillon/contracts';
import { momentIn } from '@carillon/time';
import { createHash } from 'node:crypto';
import type { Reminder } from '../catalog/reminders.ts';
import type { EventScope } from '../catalog/notification-type.ts';
import { dueAfter, latest } from './due.ts';

/** A reminder of a type with what the event says of it. */
export interface Planned {
  of: string;
  reminder: Reminder;
  /** The time that it refers to, as the data say it. */
  at: string;
  /** What cancels or moves it finds it by this. */
  key?: string;
}

/**
 * What an event says of the reminders of a type.
 * @throws Problem 422 `expression_failed`, also where `at` yields no time
 */
export function plannedBy(of: string, reminders: readonly Reminder[], scope: EventScope): Planned[] {
  return reminders.map((reminder) => {
    const at = timeOf(reminder, scope);
    const key = reminder.match && keyOf(of, reminder, scope);
    return { of, reminder, at, key };
  });
}

/** @throws Problem 422 `expression_failed` */
export function timeOf({ at }: Reminder, scope: EventScope): string {
  const value = at.evaluate(scope);
  const text = value instanceof Date ? value.toISOString() : value;
  if (typeof text === 'string' && momentIn(text, 'UTC') !== undefined) return text;
  throw at.failed('it yields no time; a time is written 2026-12-01T08:00:00Z, a day 2026-12-01');
}

/** By what a reminder is found again; undefined where the event has nothing to match. @throws Problem 422 `expression_failed` */
export function keyOf(of: string, { index, match }: Reminder, scope: EventScope): string | undefined {
  const value = match!.evaluate(scope);
  if (value === null || value === undefined || value === '') return undefined;
  const key = `${of}#${index}:${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
  return key.length <= 200 ? key : `${of}#${index}:${createHash('sha256').update(key).digest('hex')}`;
}

/** What a reminder asks for when it comes: as the event did, but its own type, and nothing that belongs to that one time. */
export function requestOf(
  type: string,
  { data, actor, correlation_key, metadata }: EventRequest,
): ReminderDue['request'] {
  return { type, data, actor, correlation_key, metadata };
}

/**
 * The timer for the next time of a reminder after a moment.
 *
 * @param zone the recipient's; the rule's own goes before it
 * @param after Unix milliseconds
 * @returns undefined where it comes no more
 */
export function timerOf(
  source: string,
  tenant: string,
  due: Omit<ReminderDue, 'due_at' | 'woken'>,
  zone: string,
  after: number,
): TimerSet | undefined {
  const { rule, at, recipient, revision, event_id, of, index, since, key } = due;
  const clocks = rule.time_zone ?? zone;
  const reference = momentIn(at, clocks)!;
  const next = dueAfter(rule, reference, clocks, after);
  if (next === undefined) return undefined;
  const due_at = new Date(next).toISOString();
  const timer_id = uuidv8(next, 'reminder', event_id, of, String(index), recipient ?? '', revision);
  const until = latest(rule, reference, next);
  const message: CloudEvent<ReminderDue> = {
    specversion: '1.0',
    id: timer_id,
    source,
    type: reminderDue.type,
    time: due_at,
    tenant,
    data: { ...due, due_at },
  };
  return {
    timer_id,
    due_at,
    ...(until !== undefined && { expires_at: new Date(until).toISOString() }),
    message,
    routing_key: reminderDue.key,
    event_id,
    key,
    since,
    follows_zone: recipient !== undefined && rule.time_zone === undefined,
  };
}
