import { Temporal } from 'temporal-polyfill';

/** In the order of ISO 8601. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** Frequencies that make a notification wait. */
export type DigestFrequency = 'hourly' | 'daily' | 'weekly';

/** At which local time, of daily and weekly ones. */
export interface DigestTime {
  hour?: number | undefined;
  weekday?: Weekday | undefined;
}

/**
 * When those that wait go out next: hourly ones at the next full hour that the local clock shows, daily ones at `hour` (8 when
 * left out), weekly ones at that hour on `weekday` (Monday when left out). An hour that a spring gap skips is shifted forward by
 * the gap; one that an autumn overlap repeats counts the first time only
 * (https://tc39.es/proposal-temporal/docs/ambiguity.html).
 *
 * @param now Unix milliseconds
 * @param zone IANA zone
 * @returns Unix milliseconds, always later than `now`
 */
export function nextDigest(
  frequency: DigestFrequency,
  { hour = 8, weekday = 'mon' }: DigestTime,
  now: number,
  zone: string,
): number {
  const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone);
  if (frequency === 'hourly') return nextFullHour(local).epochMilliseconds;
  const today = local.toPlainDate();
  const wanted = weekdays.indexOf(weekday) + 1;
  const first = frequency === 'daily' ? 0 : (wanted - today.dayOfWeek + 7) % 7;
  const step = frequency === 'daily' ? 1 : 7;
  // A skipped day (Pacific/Apia, 2011) is the same moment as the day after it, so this ends after a few turns at most.
  for (let days = first; ; days += step) {
    const at = today.add({ days }).toZonedDateTime({ timeZone: zone, plainTime: { hour } }).epochMilliseconds;
    if (at > now) return at;
  }
}

function nextFullHour(from: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  const next = from.add({
    milliseconds: 3_600_000 - ((from.epochMilliseconds + from.offsetNanoseconds / 1e6) % 3_600_000),
  });
  if (next.offsetNanoseconds === from.offsetNanoseconds) return next;
  // The clocks change on the way; where that is by less than an hour (Australia/Lord_Howe), the full hour moves too.
  const change = from.getTimeZoneTransition('next')!;
  return change.minute === 0 ? change : nextFullHour(change);
}
