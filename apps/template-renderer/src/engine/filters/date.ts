import { formatter, plainSpaces, type Formatting } from '../formatting.ts';

const clock = { hour: 'numeric', minute: '2-digit', timeZoneName: 'short' } as const;
const longDate: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'long', day: 'numeric' };

/** What `{{ due_date | date: "…" }}` can be given; `long` is the default. */
const styles: Record<string, Intl.DateTimeFormatOptions> = {
  full: { dateStyle: 'full' },
  long: { dateStyle: 'long' },
  medium: { dateStyle: 'medium' },
  short: { dateStyle: 'short' },
  time: clock,
  datetime: { ...longDate, ...clock },
};

/**
 * `{{ due_date | date }}` → `1 December 2026`; `{{ starts_at | date: "datetime" }}` → `1 December 2026 at 14:30 EAT`.
 *
 * @param value ISO 8601: a date (`2026-12-01`) is that day everywhere; a time with an offset (`…T11:30:00Z`) is shown
 *   in the recipient's time zone; a time without one is shown as it stands, without naming a zone
 * @param style `full`, `long`, `medium`, `short`, `time` or `datetime` (a plain date then has no time to show)
 * @throws Error naming the argument that is wrong; never its value
 */
export function date(value: unknown, style: unknown, { locale, timeZone }: Formatting): string {
  const name = style ?? 'long';
  if (typeof name !== 'string' || !Object.hasOwn(styles, name)) {
    throw new Error(`date knows the styles ${Object.keys(styles).join(', ')}`);
  }
  const moment = momentOf(value);
  if (!moment) throw new Error('date needs an ISO date or time, such as "2026-12-01" or "2026-12-01T09:30:00Z"');
  if (moment.kind === 'day' && name === 'time') {
    throw new Error('date was asked for a time, but the value is a day without one');
  }
  const format = formatter(
    `date ${locale} ${timeZone} ${moment.kind} ${name}`,
    () => new Intl.DateTimeFormat(locale, optionsOf(moment.kind, name, timeZone)),
  );
  return plainSpaces(format.format(moment.at));
}

function optionsOf(kind: Moment['kind'], style: string, timeZone: string): Intl.DateTimeFormatOptions {
  if (kind === 'instant') return { ...styles[style], timeZone };
  // A day and a time on the wall are the same in every zone.
  const { timeZoneName: _, ...options } = kind === 'day' && style === 'datetime' ? longDate : styles[style]!;
  return { ...options, timeZone: 'UTC' };
}

export interface Moment {
  /** A calendar day, a time as a clock on the wall shows it, or a point in time. */
  kind: 'day' | 'wall' | 'instant';
  at: Date;
}

const iso = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s?([Zz]|[+-]\d\d:?\d\d)?)?$/;

/** What a day or a time is, or undefined for anything else. */
export function momentOf(value: unknown): Moment | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : { kind: 'instant', at: value };
  const [, day, time, offset] = (typeof value === 'string' && iso.exec(value.trim())) || [];
  // Date.parse turns 30 February into 2 March; a day that does not exist must not be announced as another.
  if (day === undefined || !isDay(day)) return undefined;
  const zone = offset === undefined ? 'Z' : offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset;
  const at = new Date(time === undefined ? day : `${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(at.getTime())) return undefined;
  return { kind: time === undefined ? 'day' : offset === undefined ? 'wall' : 'instant', at };
}

function isDay(day: string): boolean {
  const at = new Date(day);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}
