import { durationMs, durationSchema, type CatalogType, type ReminderRule } from '@carillon/contracts';
import { canonicalTimeZone, isCalendarDuration, unknownTimeZone } from '@carillon/time';
import { eventVocabulary, Expression } from './expression.ts';
import type { Mistakes, Path } from './mistakes.ts';

/** A reminder of a type, its expressions parsed at save time. */
export interface Reminder {
  /** Which of the type's. */
  index: number;
  /** Catalog key of the type that is sent as the reminder. */
  type: string;
  rule: ReminderRule;
  /** Yields the time that it refers to. */
  at: Expression;
  /** Yields by what other events are matched with this one. */
  match?: Expression;
  cancelOn: readonly string[];
  moveOn: readonly string[];
}

/** What comes more often is no reminder. */
const leastEveryMs = 15 * 60_000;

/**
 * The reminders of a type of a document.
 * @param mistakes hears of whatever is wrong with them; those are left out
 */
export function remindersOf(key: string, { reminders = [] }: CatalogType, mistakes: Mistakes): Reminder[] {
  return reminders.flatMap((reminder, index) => {
    const { type, at, match, offset, local_time, time_zone, every, until, cancel_on = [], move_on = [] } = reminder;
    const here = (member: string): Path => ['types', key, 'reminders', index, member];
    for (const [member, duration] of Object.entries({ offset, until }))
      if (duration !== undefined && !isCalendarDuration(duration))
        mistakes.add(
          here(member),
          `"${duration}" is not an ISO 8601 duration such as ${member === 'until' ? 'P60D' : '-PT24H'}`,
        );
    if (time_zone !== undefined && canonicalTimeZone(time_zone) === undefined)
      mistakes.add(here('time_zone'), unknownTimeZone(time_zone));
    if (every !== undefined && durationSchema.safeParse(every).success && durationMs(every) < leastEveryMs)
      mistakes.add(here('every'), 'must be at least 15m');
    if (cancel_on.length + move_on.length > 0 && match === undefined)
      mistakes.add(
        here('match'),
        'is needed with cancel_on and move_on: what both events have in common, such as data.lesson_id',
      );
    const parsed = (member: string, text: string) =>
      mistakes.expression(here(member), (path) => Expression.parse(path, text, eventVocabulary));
    const time = parsed('at', at);
    const common = match === undefined ? undefined : parsed('match', match);
    if (!time) return [];
    const rule: ReminderRule = { offset, local_time, time_zone, every: every && calendarDuration(every), until };
    return { index, type, rule, at: time, match: common, cancelOn: cancel_on, moveOn: move_on };
  });
}

/** `1d` as ISO 8601: a day of the calendar. */
function calendarDuration(duration: string): string {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  if (unit === undefined) return duration;
  return unit === 'd' ? `P${count}D` : `PT${count}${unit.toUpperCase()}`;
}
