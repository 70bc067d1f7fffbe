import { momentOf, runsEvenly, wallClockAt, type WallClock } from '../wall-clock.ts';

/** A rule for times of the day and of the calendar, which knows no zone. */
export interface Recurrence {
  /** The first time after this one; undefined when there is none any more. */
  next(after: WallClock): WallClock | undefined;
}

/** A rule that is not understood or that never comes true; the message says why and what to write instead. */
export class RecurrenceError extends Error {
  override readonly name = 'RecurrenceError';
}

/** The clocks of no zone have ever been put back or forward by more (Pacific/Apia, Pacific/Kwajalein: 24 hours). */
const changeAtMost = 24 * 3_600_000;

/**
 * The first moment after another at which a rule comes true in a zone. A time that a spring gap skips comes once, shifted forward by
 * the gap; one that an autumn overlap repeats comes once, the first time. What two times of the rule make of the same moment (02:30,
 * skipped, and 03:30) is one.
 *
 * @param after Unix milliseconds
 * @param zone IANA zone
 * @returns Unix milliseconds, later than `after`; undefined when the rule has ended
 */
export function nextOccurrence(rule: Recurrence, after: number, zone: string): number | undefined {
  // What was skipped shortly before may have been shifted past `after`; and after an overlap the clocks show less than before.
  const even = runsEvenly(after - changeAtMost, after, zone);
  let shown: WallClock | undefined = wallClockAt(after, zone) - (even ? 0 : changeAtMost);
  let soonest: number | undefined;
  while ((shown = rule.next(shown)) !== undefined) {
    const moment = momentOf(shown, zone);
    if (soonest !== undefined && moment >= soonest) return soonest;
    if (moment > after) {
      soonest = moment;
      // Where nothing was shifted, nothing that the clocks show later comes earlier.
      if (wallClockAt(moment, zone) === shown) return soonest;
    }
  }
  return soonest;
}

/** The next so many of them. */
export function nextOccurrences(rule: Recurrence, after: number, zone: string, count: number): number[] {
  const moments: number[] = [];
  for (let from: number | undefined = after; moments.length < count;) {
    from = nextOccurrence(rule, from, zone);
    if (from === undefined) break;
    moments.push(from);
  }
  return moments;
}
