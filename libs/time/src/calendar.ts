import { Temporal } from 'temporal-polyfill';
import { momentOf } from './wall-clock.ts';

/**
 * The moment that a text means: an RFC 3339 time; a local time without zone, or a day, which begins at midnight, on the clocks of a
 * zone. Undefined for anything else.
 *
 * @param zone IANA zone
 * @returns Unix milliseconds
 */
export function momentIn(text: string, zone: string): number | undefined {
  const [, day, time, offset] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  const moment = Date.parse(`${day}T${time ?? '00:00'}${offset ? offset.toUpperCase() : 'Z'}`);
  if (Number.isNaN(moment)) return undefined;
  return offset ? moment : momentOf(moment, zone);
}

/** A length of time on the calendar, before (`-PT24H`) or after (`P30D`, `+P1M`) a moment: ISO 8601, section 5.5.2. */
export type CalendarDuration = string;

export function isCalendarDuration(text: string): boolean {
  try {
    Temporal.Duration.from(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A moment that is so long before or after another, so many times, on the clocks of a zone: a day is one day of the calendar however
 * many hours it has.
 *
 * @param moment Unix milliseconds
 * @param localTime `HH:MM`, then at that time of the day reached; skipped by a spring gap it is shifted forward
 */
export function shifted(moment: number, by: CalendarDuration, zone: string, localTime?: string, times = 1): number {
  const reached = Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(zone).add(multiplied(by, times));
  if (localTime === undefined) return reached.epochMilliseconds;
  return reached.toPlainDate().toZonedDateTime({ timeZone: zone, plainTime: localTime }).epochMilliseconds;
}

function multiplied(by: CalendarDuration, times: number): Temporal.DurationLike {
  const { years, months, weeks, days, hours, minutes, seconds } = Temporal.Duration.from(by);
  const parts = { years, months, weeks, days, hours, minutes, seconds };
  return Object.fromEntries(Object.entries(parts).map(([unit, count]) => [unit, count * times]));
}

function isDay(day: string): boolean {
  const moment = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(moment) && new Date(moment).toISOString().startsWith(day);
}
