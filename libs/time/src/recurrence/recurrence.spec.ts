import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { momentOf, wallClockAt } from '../wall-clock.ts';
import { cron } from './cron.ts';
import { nextOccurrence, nextOccurrences, type Recurrence } from './recurrence.ts';
import { rrule } from './rrule.ts';

const day = 86_400_000;
const shown = (local: string) => Date.parse(`${local}Z`);
const at = (time: string) => Date.parse(time);
const times = (rule: Recurrence, after: string, zone: string, count: number) =>
  nextOccurrences(rule, at(after), zone, count).map((ms) => new Date(ms).toISOString().replace(':00.000Z', 'Z'));

describe('a rule comes true', () => {
  it.each<[string, Recurrence, string, string, string[]]>([
    [
      'daily, at the local time, on both sides of a change of the clocks',
      cron('0 8 * * *'),
      '2026-03-28T12:00Z',
      'Europe/Berlin',
      ['2026-03-29T06:00Z', '2026-03-30T06:00Z'],
    ],
    [
      'once in a spring gap, shifted forward',
      cron('30 2 * * *'),
      '2026-03-07T12:00Z',
      'America/New_York',
      ['2026-03-08T07:30Z', '2026-03-09T06:30Z'],
    ],
    [
      'once where a skipped time is shifted onto another one',
      cron('30 2,3 * * *'),
      '2026-03-08T00:00-05:00',
      'America/New_York',
      ['2026-03-08T07:30Z', '2026-03-09T06:30Z', '2026-03-09T07:30Z'],
    ],
    [
      'once in an autumn overlap, the first time',
      cron('30 1 * * *'),
      '2026-11-01T00:00-04:00',
      'America/New_York',
      ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
    ],
    [
      'not again after an overlap began',
      cron('30 1 * * *'),
      '2026-11-01T05:45Z',
      'America/New_York',
      ['2026-11-02T06:30Z'],
    ],
    [
      'although the zone skipped the whole day, as the day after it',
      cron('0 8 30 12 *'),
      '2011-12-30T00:00Z',
      'Pacific/Apia',
      ['2011-12-30T18:00Z', '2012-12-29T18:00Z'],
    ],
    [
      'where clocks change by half an hour',
      cron('15 2 * * *'),
      '2026-10-03T12:00+10:30',
      'Australia/Lord_Howe',
      ['2026-10-03T15:45Z', '2026-10-04T15:15Z'],
    ],
    [
      'on the last day of every month',
      cron('0 14 L * *'),
      '2026-01-31T11:00Z',
      'Africa/Nairobi',
      ['2026-02-28T11:00Z', '2026-03-31T11:00Z'],
    ],
    [
      'by a recurrence rule, every second Tuesday from its start',
      rrule('RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU', shown('2026-11-03T09:00'), 'Africa/Nairobi'),
      '2026-11-03T06:00Z',
      'Africa/Nairobi',
      ['2026-11-17T06:00Z', '2026-12-01T06:00Z'],
    ],
    [
      'as often as a recurrence rule says',
      rrule('FREQ=DAILY;COUNT=2', shown('2026-11-03T09:00'), 'UTC'),
      '2026-11-01T00:00Z',
      'UTC',
      ['2026-11-03T09:00Z', '2026-11-04T09:00Z'],
    ],
    [
      'until the moment that a recurrence rule says',
      rrule('FREQ=DAILY;UNTIL=20261105T060000Z', shown('2026-11-03T09:00'), 'Africa/Nairobi'),
      '2026-11-01T00:00Z',
      'Africa/Nairobi',
      ['2026-11-03T06:00Z', '2026-11-04T06:00Z', '2026-11-05T06:00Z'],
    ],
    [
      'until the local time that a recurrence rule says',
      rrule('FREQ=DAILY;UNTIL=20261104T090000', shown('2026-11-03T09:00'), 'Africa/Nairobi'),
      '2026-11-01T00:00Z',
      'Africa/Nairobi',
      ['2026-11-03T06:00Z', '2026-11-04T06:00Z'],
    ],
    [
      'through the whole of the last day where a recurrence rule names one',
      rrule('FREQ=DAILY;UNTIL=20261104', shown('2026-11-03T09:00'), 'UTC'),
      '2026-11-01T00:00Z',
      'UTC',
      ['2026-11-03T09:00Z', '2026-11-04T09:00Z'],
    ],
  ])('%s', (_, rule, after, zone, expected) => {
    expect(times(rule, after, zone, expected.length)).toEqual(expected);
  });

  it('never when there is no such day', () => {
    expect(nextOccurrence(cron('0 0 30 2 *'), at('2026-01-01'), 'UTC')).toBeUndefined();
    const rule = rrule('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', shown('2026-01-01T09:00'), 'UTC');
    expect(nextOccurrence(rule, at('2026-01-01'), 'UTC')).toBeUndefined();
  });
});

describe('a rule is refused', () => {
  it.each([
    ['61 * * * *', 'minute: 61'],
    ['0 8 * *', 'not cron'],
    ['* * * * * *', 'exactly 5 parts'],
    ['every day', 'not cron'],
    ['', 'not cron'],
  ])('that cron would not understand: %s', (expression, reason) => {
    expect(() => cron(expression)).toThrow(reason);
  });

  it.each([
    ['FREQ=FORTNIGHTLY', 'not a recurrence rule'],
    ['BYDAY=TU', 'not a recurrence rule'],
    ['FREQ=SECONDLY', 'full minutes'],
    ['FREQ=DAILY;BYSECOND=1', 'full minutes'],
    ['FREQ=DAILY\nEXDATE:20260101T000000Z', 'one rule'],
  ])('that RFC 5545 does not know: %s', (text, reason) => {
    expect(() => rrule(text, 0, 'UTC')).toThrow(reason);
  });
});

/** Every change of the clocks of ten years, each once although many zones share it. */
const changes = (() => {
  const found = new Map<string, { zone: string; moment: number }>();
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    let time: Temporal.ZonedDateTime | null = Temporal.ZonedDateTime.from(`2020-01-01T00:00[${zone}]`);
    while ((time = time.getTimeZoneTransition('next')) && time.year < 2030) {
      const before = time.subtract({ milliseconds: 1 }).offsetNanoseconds;
      const key = `${time.epochMilliseconds} ${before} ${time.offsetNanoseconds}`;
      if (!found.has(key)) found.set(key, { zone, moment: time.epochMilliseconds });
    }
  }
  return [...found.values()];
})();

describe('at every change of the clocks in ten years, in every zone', () => {
  it('there are some hundred', () => {
    expect(changes.length).toBeGreaterThan(300);
  });

  it('a rule of any minutes and hours comes true at the moments of its times, in their order, each once', () => {
    const rules = fc.record({
      minutes: fc.constantFrom('0', '30', '15,45', '59'),
      hours: fc.uniqueArray(fc.nat(23), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...changes), rules, fc.integer({ min: -2 * day, max: day }), (change, rule, off) => {
        const { zone, moment } = change;
        const expression = cron(`${rule.minutes} ${rule.hours.join()} * * *`);
        const after = moment + off;
        const until = after + 2 * day;
        const expected = new Set<number>();
        // One after the other by what clocks show, from long before: as slow as it is plain.
        let local: number | undefined = wallClockAt(after, zone) - 2 * day;
        while ((local = expression.next(local)) !== undefined && local < wallClockAt(until, zone) + 2 * day) {
          const comes = momentOf(local, zone);
          if (comes > after && comes <= until) expected.add(comes);
        }
        const found = nextOccurrences(expression, after, zone, expected.size + 1).filter((comes) => comes <= until);
        expect(found).toEqual([...expected].sort((a, b) => a - b));
      }),
      { numRuns: 1_000 },
    );
  });

  it('a daily rule comes true once on every local day', () => {
    for (const { zone, moment } of changes) {
      const from = momentOf(wallClockAt(moment - 2 * day, zone), zone);
      const found = nextOccurrences(cron('30 2 * * *'), from, zone, 5);
      const days = found.map((comes) => Math.floor(wallClockAt(comes, zone) / day));
      expect(days.map((each) => each - days[0]!)).toEqual([0, 1, 2, 3, 4]);
    }
  });
});
