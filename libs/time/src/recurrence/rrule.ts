import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import { wallClockAt, type WallClock } from '../wall-clock.ts';
import { RecurrenceError, type Recurrence } from './recurrence.ts';

/** A rule that finds nothing in so many steps never comes true. */
const stepsAtMost = 20_000;

/**
 * A recurrence rule of RFC 5545, section 3.3.10: `FREQ=MONTHLY;BYDAY=2TU`, with or without `RRULE:` before it.
 *
 * @param starts the first time it may come true; its minute, hour, day are taken where the rule names none
 * @param zone of an `UNTIL` that ends with Z; one without is a local time
 * @throws RecurrenceError
 */
export function rrule(text: string, starts: WallClock, zone: string): Recurrence {
  const rule = text.trim().replace(/^RRULE:/i, '');
  if (/[\r\n]|(?:^|;)(?:DTSTART|RDATE|EXDATE)/i.test(rule)) {
    throw new RecurrenceError('must be one rule, such as FREQ=MONTHLY;BYDAY=2TU, without DTSTART, RDATE or EXDATE');
  }
  if (/FREQ=SECONDLY|BYSECOND=/i.test(rule)) throw new RecurrenceError('comes true at full minutes only');
  const local = rule.replace(/UNTIL=(\d{8}T\d{6})Z/i, (_, until: string) => `UNTIL=${shownIn(zone, until)}`);
  // The library takes a local UNTIL for one in the zone of DTSTART, which is UTC here and stands for no zone.
  const untilUtc = local.replace(
    /UNTIL=(\d{8})(T\d{6})?(?=;|$)/i,
    (_, day, time) => `UNTIL=${day}${time ?? 'T235959'}Z`,
  );
  try {
    const recurring = new RRuleTemporal({
      rruleString: `RRULE:${untilUtc}`,
      dtstart: Temporal.Instant.fromEpochMilliseconds(starts).toZonedDateTimeISO('UTC'),
      temporal: Temporal,
      maxIterations: stepsAtMost,
      strict: true,
    });
    return {
      next(after) {
        try {
          return recurring.next(new Date(after))?.epochMilliseconds;
        } catch {
          // It gave up.
          return undefined;
        }
      },
    };
  } catch (error) {
    throw new RecurrenceError(
      `"${text}" is not a recurrence rule such as FREQ=MONTHLY;BYDAY=2TU: ${(error as Error).message}`,
    );
  }
}

function shownIn(zone: string, until: string): string {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/.exec(until)!;
  const [year, month, day, hour, minute, second] = parts.map(Number);
  const moment = Date.UTC(year!, month! - 1, day, hour, minute, second);
  return new Date(wallClockAt(moment, zone)).toISOString().replace(/[-:]|\.\d+Z$/g, '');
}
