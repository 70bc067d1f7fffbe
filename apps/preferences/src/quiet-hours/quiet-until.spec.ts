import { describe, expect, it } from '@jest/globals';
import type { QuietHours } from '@carillon/contracts';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { quietUntil } from './quiet-until.ts';

const at = (local: string, zone: string) => Temporal.ZonedDateTime.from(`${local}[${zone}]`).epochMilliseconds;
const shown = (ms: number | undefined, zone: string) =>
  ms === undefined
    ? undefined
    : Temporal.Instant.fromEpochMilliseconds(ms)
        .toZonedDateTimeISO(zone)
        .toPlainDateTime()
        .toString({ smallestUnit: 'minute' });
const night: QuietHours = { start: '22:00', end: '07:00' };

describe('quiet hours', () => {
  it.each([
    ['2026-11-21T21:59', undefined],
    ['2026-11-21T22:00', '2026-11-22T07:00'],
    ['2026-11-22T00:00', '2026-11-22T07:00'],
    ['2026-11-22T06:59', '2026-11-22T07:00'],
    ['2026-11-22T07:00', undefined],
  ])('of a night, at %s, last until %s', (now, until) => {
    expect(shown(quietUntil(night, at(now, 'Africa/Nairobi'), 'Africa/Nairobi'), 'Africa/Nairobi')).toBe(until);
  });

  it('within a day end on the same day', () => {
    const siesta = { start: '13:00', end: '15:30' };
    expect(shown(quietUntil(siesta, at('2026-07-01T13:00', 'Europe/Madrid'), 'Europe/Madrid'), 'Europe/Madrid')).toBe(
      '2026-07-01T15:30',
    );
    expect(quietUntil(siesta, at('2026-07-01T15:30', 'Europe/Madrid'), 'Europe/Madrid')).toBeUndefined();
  });

  it('belong to the day on which they begin', () => {
    const weekend: QuietHours = { ...night, days: ['fri', 'sat'] };
    const quiet = (local: string) => quietUntil(weekend, at(local, 'UTC'), 'UTC') !== undefined;
    expect(quiet('2026-11-20T23:00')).toBe(true); // Friday
    expect(quiet('2026-11-22T06:00')).toBe(true); // Sunday morning belongs to Saturday's night
    expect(quiet('2026-11-22T23:00')).toBe(false); // Sunday
    expect(quiet('2026-11-20T06:00')).toBe(false); // Thursday's night
  });

  it('follow their own zone, and otherwise the recipient’s', () => {
    const now = at('2026-11-21T23:00', 'Asia/Tokyo');
    expect(quietUntil(night, now, 'Asia/Tokyo')).toBe(at('2026-11-22T07:00', 'Asia/Tokyo'));
    expect(quietUntil(night, now, 'UTC')).toBeUndefined();
    expect(quietUntil({ ...night, time_zone: 'Asia/Tokyo' }, now, 'UTC')).toBe(at('2026-11-22T07:00', 'Asia/Tokyo'));
  });

  it('whose end a spring gap skips end after it, by as much', () => {
    // New York, 8 March 2026: 02:00 becomes 03:00.
    const until = quietUntil(
      { start: '22:00', end: '02:30' },
      at('2026-03-08T01:00', 'America/New_York'),
      'America/New_York',
    );
    expect(shown(until, 'America/New_York')).toBe('2026-03-08T03:30');
  });

  it('whose start a spring gap skips begin after it', () => {
    const hours = { start: '02:30', end: '06:00' };
    expect(quietUntil(hours, at('2026-03-08T03:29', 'America/New_York'), 'America/New_York')).toBeUndefined();
    expect(quietUntil(hours, at('2026-03-08T03:30', 'America/New_York'), 'America/New_York')).toBeDefined();
  });

  it('whose end an autumn overlap repeats end the second time', () => {
    // New York, 1 November 2026: 02:00 becomes 01:00.
    const zone = 'America/New_York';
    const firstHalfPastOne = Temporal.Instant.from('2026-11-01T05:30:00Z').epochMilliseconds;
    const until = quietUntil({ start: '22:00', end: '01:30' }, firstHalfPastOne, zone);
    expect(until).toBe(Temporal.Instant.from('2026-11-01T06:30:00Z').epochMilliseconds);
  });

  it('survive a day that a zone skipped altogether', () => {
    // Samoa had no 30 December 2011.
    const zone = 'Pacific/Apia';
    const until = quietUntil(night, at('2011-12-29T23:00', zone), zone);
    expect(until).toBeGreaterThan(at('2011-12-29T23:00', zone));
    expect(quietUntil(night, until!, zone)).toBeUndefined();
  });

  it('are each answered for themselves within the same minute', () => {
    const now = at('2026-11-21T23:00:20', 'UTC');
    const answers = [
      [night, 'UTC'],
      [night, 'Asia/Tokyo'],
      [{ ...night, time_zone: 'Asia/Tokyo' }, 'UTC'],
      [{ ...night, end: '06:00' }, 'UTC'],
      [{ ...night, start: '23:01' }, 'UTC'],
      [{ ...night, days: ['fri'] }, 'UTC'],
      [{ ...night, days: ['fri', 'sat'] }, 'UTC'],
    ] as const;
    const ask = () => answers.map(([hours, zone]) => shown(quietUntil(hours as QuietHours, now, zone), 'UTC'));
    const first = ask();
    expect(first).toEqual([
      '2026-11-22T07:00',
      undefined,
      undefined,
      '2026-11-22T06:00',
      undefined,
      undefined,
      '2026-11-22T07:00',
    ]);
    expect(ask()).toEqual(first);
    // And a minute later anew.
    expect(quietUntil({ ...night, start: '23:01' }, now + 60_000, 'UTC')).toBe(at('2026-11-22T07:00', 'UTC'));
  });

  describe('in every zone, at any moment of ten years, with every change of the clocks', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    const time = fc
      .record({ h: fc.nat(23), m: fc.nat(59) })
      .map(({ h, m }) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
    const hours = fc.record({ start: time, end: time }).filter(({ start, end }) => start !== end);
    const from = Date.parse('2020-01-01T00:00:00Z');
    const anyTime = fc.integer({ min: from, max: from + 10 * 365 * 86_400_000 });
    /** Moments within a day of a change of the clocks, where the mistakes are. */
    const nearChange = fc
      .tuple(fc.constantFrom(...zones), anyTime, fc.integer({ min: -86_400_000, max: 86_400_000 }))
      .map(([zone, ms, off]) => {
        const change = Temporal.Instant.fromEpochMilliseconds(ms)
          .toZonedDateTimeISO(zone)
          .getTimeZoneTransition('next');
        return { zone, now: (change?.epochMilliseconds ?? ms) + off };
      });
    const anywhere = fc.oneof(nearChange, fc.record({ zone: fc.constantFrom(...zones), now: anyTime }));

    it('they end later than now, within two days, at the local time they say, and are then over', () => {
      fc.assert(
        fc.property(hours, anywhere, (quiet, { zone, now }) => {
          const until = quietUntil(quiet, now, zone);
          if (until === undefined) return;
          expect(until).toBeGreaterThan(now);
          expect(until - now).toBeLessThan(2 * 86_400_000);
          const end = Temporal.Instant.fromEpochMilliseconds(until).toZonedDateTimeISO(zone);
          const local = end.toPlainTime().toString({ smallestUnit: 'minute' });
          // Where a gap skips the time, it is later by the length of the gap.
          if (local !== quiet.end) {
            const asked = end.toPlainDate().toPlainDateTime(quiet.end);
            expect(asked.toZonedDateTime(zone, { disambiguation: 'later' }).epochMilliseconds).toBe(until);
          }
        }),
        { numRuns: 3_000 },
      );
    });

    it('the moment one second before and after the local start differ exactly by being quiet, away from changes of the clocks', () => {
      fc.assert(
        fc.property(hours, fc.constantFrom(...zones), anyTime, (quiet, zone, ms) => {
          const day = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toPlainDate();
          const start = day.toZonedDateTime({ timeZone: zone, plainTime: quiet.start });
          const around = [start.subtract({ days: 2 }), start.add({ days: 2 })].map(
            ({ offsetNanoseconds }) => offsetNanoseconds,
          );
          fc.pre(around[0] === around[1] && around[0] === start.offsetNanoseconds);
          expect(quietUntil(quiet, start.epochMilliseconds, zone)).toBeDefined();
          expect(quietUntil(quiet, start.epochMilliseconds - 1_000, zone)).toBeUndefined();
        }),
        { numRuns: 1_000 },
      );
    });
  });
});
