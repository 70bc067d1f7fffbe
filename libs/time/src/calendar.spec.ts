import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isCalendarDuration, momentIn, shifted } from './calendar.ts';

const nairobi = 'Africa/Nairobi';
const newYork = 'America/New_York';
const shown = (moment: number | undefined) => (moment === undefined ? undefined : new Date(moment).toISOString());

describe('a time as data say it', () => {
  it.each([
    ['2026-12-01T08:00:00Z', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01T08:00:00.250+03:00', '2026-12-01T05:00:00.250Z'],
    ['2026-12-01t08:00z', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01T08:00', '2026-12-01T05:00:00.000Z'],
    ['2026-12-01 08:00:30', '2026-12-01T05:00:30.000Z'],
    ['2026-12-01', '2026-11-30T21:00:00.000Z'],
    ['2026-02-30', undefined],
    ['2026-12-01T25:00', undefined],
    ['tomorrow', undefined],
    ['', undefined],
    ['1764576000', undefined],
  ])('%j is %s', (text, expected) => {
    expect(shown(momentIn(text, nairobi))).toBe(expected);
  });
});

describe('a shift on the calendar', () => {
  it.each([
    ['-PT24H', '2026-03-08T16:00:00Z', newYork, undefined, '2026-03-07T16:00:00.000Z'],
    // The day before is 23 hours ago on the clocks.
    ['-P1D', '2026-03-08T16:00:00Z', newYork, undefined, '2026-03-07T17:00:00.000Z'],
    ['P30D', '2026-11-01T00:00:00Z', nairobi, '14:00', '2026-12-01T11:00:00.000Z'],
    ['P1M', '2026-01-31T09:00:00Z', 'UTC', undefined, '2026-02-28T09:00:00.000Z'],
    ['-P7D', '2026-11-27T21:00:00Z', nairobi, '08:00', '2026-11-21T05:00:00.000Z'],
    // 02:30 is skipped.
    ['P1D', '2026-03-07T17:00:00Z', newYork, '02:30', '2026-03-08T07:30:00.000Z'],
    // 01:30 comes twice.
    ['P1D', '2026-10-31T17:00:00Z', newYork, '01:30', '2026-11-01T05:30:00.000Z'],
  ])('of %s from %s', (by, from, zone, localTime, expected) => {
    expect(shown(shifted(Date.parse(from), by, zone, localTime))).toBe(expected);
  });

  it('so many times is not so many shifts, where months are not alike', () => {
    const january = Date.parse('2026-01-31T09:00:00Z');
    expect(shown(shifted(january, 'P1M', 'UTC', undefined, 2))).toBe('2026-03-31T09:00:00.000Z');
  });

  it('of days keeps the local time of day in every zone, unless a gap skips it', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    const from = Date.parse('2020-01-01T00:00:00Z');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: from, max: from + 10 * 365 * 86_400_000 }),
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: -400, max: 400 }),
        (zone, moment, minute, days) => {
          const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
          const reached = shifted(moment, days < 0 ? `-P${-days}D` : `P${days}D`, zone, time);
          const local = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' }).format(reached);
          if (local === time) return;
          // Where the gap that skipped it is open, there is no such time on that day.
          const before = shifted(moment, days - 1 < 0 ? `-P${1 - days}D` : `P${days - 1}D`, zone, time);
          expect(reached - before).not.toBe(86_400_000);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is a length of ISO 8601', () => {
    for (const text of ['PT24H', '-PT24H', '+P30D', 'P1M', 'P1W', 'P1DT2H'])
      expect(isCalendarDuration(text)).toBe(true);
    for (const text of ['24h', 'P', 'PT', '1D', 'P-', '']) expect(isCalendarDuration(text)).toBe(false);
  });
});
