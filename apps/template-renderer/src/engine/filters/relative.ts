import { formatter, plainSpaces, type Formatting } from '../formatting.ts';
import { momentOf, type Moment } from './date.ts';

const day = 86_400_000;

/**
 * `{{ due_date | relative }}` → `in 3 days`, `tomorrow`, `2 hours ago`: how far a day or a time is from the time of rendering. Days
 * are those of the calendar in the recipient's time zone.
 *
 * @param value as for `date`
 * @throws Error naming what it needs; never the value
 */
export function relative(value: unknown, { locale, timeZone, now = new Date() }: Formatting): string {
  const moment = momentOf(value);
  if (!moment) throw new Error('relative needs an ISO date or time, such as "2026-12-01" or "2026-12-01T09:30:00Z"');
  const format = formatter(`relative ${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));
  return plainSpaces(format.format(...distanceOf(moment, now, timeZone)));
}

function distanceOf(moment: Moment, now: Date, timeZone: string): [number, Intl.RelativeTimeFormatUnit] {
  if (moment.kind !== 'day') {
    // A clock on the wall is compared with the one on the recipient's wall.
    const from = moment.kind === 'instant' ? now.getTime() : wallTime(now, timeZone);
    const minutes = rounded((moment.at.getTime() - from) / 60_000);
    if (Math.abs(minutes) < 1) return [0, 'second'];
    if (Math.abs(minutes) < 60) return [minutes, 'minute'];
    const hours = rounded(minutes / 60);
    if (Math.abs(hours) < 24) return [hours, 'hour'];
  }
  const at = moment.kind === 'instant' ? wallTime(moment.at, timeZone) : moment.at.getTime();
  const days = Math.floor(at / day) - Math.floor(wallTime(now, timeZone) / day);
  if (Math.abs(days) <= 30) return [days, 'day'];
  const months = rounded(days / 30.44);
  return Math.abs(months) < 12 ? [months, 'month'] : [rounded(days / 365.25), 'year'];
}

/** To the nearest whole number, the same for what was as for what will be; never -0, which Intl writes as "0 days ago". */
function rounded(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value)) || 0;
}

/** What clocks in a zone show at a moment, as if they were in UTC. */
function wallTime(at: Date, timeZone: string): number {
  const clock = formatter(
    `clock ${timeZone}`,
    () => new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' }),
  );
  return Date.parse(`${clock.format(at).replace(' ', 'T')}Z`);
}
