import { Temporal } from 'temporal-polyfill';

/**
 * What a clock on the wall shows, without saying where the wall is: the milliseconds that the same time would have in UTC. A plain
 * number, so that rules can be calculated without a zone and compared by `<`.
 */
export type WallClock = number;

/**
 * The moment at which the clocks of a zone show a time. One that a spring gap skips is shifted forward by the gap; one that an
 * autumn overlap repeats counts the first time (https://tc39.es/proposal-temporal/docs/ambiguity.html, "compatible").
 *
 * @param zone IANA zone
 * @returns Unix milliseconds
 */
export function momentOf(shown: WallClock, zone: string): number {
  return plain(shown).toZonedDateTime(zone).epochMilliseconds;
}

/** What the clocks of a zone show at a moment (Unix milliseconds). */
export function wallClockAt(moment: number, zone: string): WallClock {
  const { epochMilliseconds, offsetNanoseconds } =
    Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(zone);
  return epochMilliseconds + offsetNanoseconds / 1e6;
}

/** Whether the clocks of a zone show the same distance between two moments as there is. */
export function runsEvenly(from: number, to: number, zone: string): boolean {
  const change = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone).getTimeZoneTransition('next');
  return !change || change.epochMilliseconds > to;
}

function plain(shown: WallClock): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(shown).toZonedDateTimeISO('UTC').toPlainDateTime();
}
