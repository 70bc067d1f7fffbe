import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { nextDigest, weekdays, type DigestFrequency } from './next-digest.ts';

const at = (local: string, zone: string) => Temporal.ZonedDateTime.from(`${local}[${zone}]`).epochMilliseconds;
const instant = (time: string) => Temporal.Instant.from(time).epochMilliseconds;
const localOf = (ms: number, zone: string) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
const shown = (ms: number, zone: string) => localOf(ms, zone).toPlainDateTime().toString({ smallestUnit: 'minute' });

/** The local time that was meant: the one the clock shows, or one that a gap has just skipped. */
function askedFor(ms: number, hour: number, zone: string): Temporal.PlainDateTime {
  const local = localOf(ms, zone);
  if (local.hour === hour) return local.toPlainDateTime();
  const gap = local.offsetNanoseconds - localOf(ms - 3 * 3_600_000, zone).offsetNanoseconds;
  const skipped = local.toPlainDateTime().subtract({ nanoseconds: gap });
  expect(skipped.toZonedDateTime(zone).toPlainDateTime().equals(skipped)).toBe(false);
  return skipped;
}

const nairobi = 'Africa/Nairobi';
const newYork = 'America/New_York';

describe('the next digest', () => {
  // 21 November 2026 is a Saturday.
  it.each<[DigestFrequency, object, string, string]>([
    ['hourly', {}, '2026-11-21T09:30', '2026-11-21T10:00'],
    ['hourly', {}, '2026-11-21T10:00', '2026-11-21T11:00'],
    ['hourly', {}, '2026-11-21T23:59', '2026-11-22T00:00'],
    ['daily', {}, '2026-11-21T07:59', '2026-11-21T08:00'],
    ['daily', {}, '2026-11-21T08:00', '2026-11-22T08:00'],
    ['daily', { hour: 0 }, '2026-11-21T12:00', '2026-11-22T00:00'],
    ['daily', { hour: 23, weekday: 'wed' }, '2026-11-21T12:00', '2026-11-21T23:00'],
    ['weekly', {}, '2026-11-21T12:00', '2026-11-23T08:00'],
    ['weekly', { weekday: 'sat', hour: 18 }, '2026-11-21T12:00', '2026-11-21T18:00'],
    ['weekly', { weekday: 'sat', hour: 12 }, '2026-11-21T12:00', '2026-11-28T12:00'],
    ['weekly', { weekday: 'fri' }, '2026-11-21T12:00', '2026-11-27T08:00'],
  ])('of %s ones with %o, seen at %s, is at %s', (frequency, digest, now, next) => {
    expect(shown(nextDigest(frequency, digest, at(now, nairobi), nairobi), nairobi)).toBe(next);
  });

  it('is at the hour of the local clock, also where that is half an hour off', () => {
    expect(nextDigest('hourly', {}, instant('2026-11-21T09:40:00Z'), 'Asia/Kolkata')).toBe(
      instant('2026-11-21T10:30:00Z'),
    );
  });

  it('whose hour a spring gap skips is shifted forward by the gap', () => {
    // New York, 8 March 2026: 02:00 becomes 03:00.
    expect(shown(nextDigest('daily', { hour: 2 }, at('2026-03-08T00:30', newYork), newYork), newYork)).toBe(
      '2026-03-08T03:00',
    );
    expect(shown(nextDigest('hourly', {}, at('2026-03-08T01:30', newYork), newYork), newYork)).toBe('2026-03-08T03:00');
    // Nuuk, 28 March 2026, a Saturday: 23:00 becomes Sunday.
    const [zone, digest] = ['America/Nuuk', { hour: 23, weekday: 'sat' as const }];
    const shifted = nextDigest('weekly', digest, at('2026-03-27T12:00', zone), zone);
    expect(shown(shifted, zone)).toBe('2026-03-29T00:00');
    expect(shown(nextDigest('weekly', digest, shifted, zone), zone)).toBe('2026-04-04T23:00');
  });

  it('whose hour an autumn overlap repeats comes the first time only', () => {
    // New York, 1 November 2026: 02:00 becomes 01:00.
    const first = instant('2026-11-01T05:00:00Z');
    expect(nextDigest('daily', { hour: 1 }, first - 1, newYork)).toBe(first);
    expect(nextDigest('daily', { hour: 1 }, first, newYork)).toBe(at('2026-11-02T01:00', newYork));
    expect(nextDigest('daily', { hour: 1 }, first + 3_600_000, newYork)).toBe(at('2026-11-02T01:00', newYork));
  });

  it('is at a full hour where the clocks change by half of one', () => {
    // Lord Howe Island, 4 October 2026: 02:00 becomes 02:30; 5 April 2026: 02:00 becomes 01:30.
    const zone = 'Australia/Lord_Howe';
    expect(shown(nextDigest('hourly', {}, at('2026-10-04T01:15', zone), zone), zone)).toBe('2026-10-04T03:00');
    expect(shown(nextDigest('hourly', {}, at('2026-04-05T01:15', zone), zone), zone)).toBe('2026-04-05T02:00');
  });

  it('survives a day that a zone skipped altogether', () => {
    // Samoa had no 30 December 2011, a Friday.
    const zone = 'Pacific/Apia';
    const before = at('2011-12-29T12:00', zone);
    expect(shown(nextDigest('daily', {}, before, zone), zone)).toBe('2011-12-31T08:00');
    expect(nextDigest('weekly', { weekday: 'fri' }, before, zone)).toBeGreaterThan(before);
  });

  describe('in every zone, at any moment of ten years, with every change of the clocks', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    const from = Date.parse('2020-01-01T00:00:00Z');
    const anyTime = fc.integer({ min: from, max: from + 10 * 365 * 86_400_000 });
    /** Moments within a day of a change of the clocks, where the mistakes are. */
    const nearChange = fc
      .tuple(fc.constantFrom(...zones), anyTime, fc.integer({ min: -86_400_000, max: 86_400_000 }))
      .map(([zone, ms, off]) => {
        const change = localOf(ms, zone).getTimeZoneTransition('next');
        return { zone, now: (change?.epochMilliseconds ?? ms) + off };
      });
    const anywhere = fc.oneof(nearChange, fc.record({ zone: fc.constantFrom(...zones), now: anyTime }));
    const digests = fc.record({ hour: fc.nat(23), weekday: fc.constantFrom(...weekdays) });

    it('hourly ones come at the very next full local hour', () => {
      fc.assert(
        fc.property(anywhere, ({ zone, now }) => {
          const next = nextDigest('hourly', {}, now, zone);
          expect(next).toBeGreaterThan(now);
          const { minute, second, millisecond } = localOf(next, zone);
          expect([minute, second, millisecond]).toEqual([0, 0, 0]);
          // Nothing in between shows a full hour; clocks change, and zones differ, by quarters of one.
          for (let ms = Math.ceil((now + 1) / 900_000) * 900_000; ms < next; ms += 900_000)
            expect(localOf(ms, zone).minute).not.toBe(0);
        }),
        { numRuns: 2_000 },
      );
    });

    it('daily and weekly ones come later than now, at the local hour and weekday, or as much later as a gap is long', () => {
      fc.assert(
        fc.property(
          fc.constantFrom('daily' as const, 'weekly' as const),
          digests,
          anywhere,
          (frequency, digest, where) => {
            const { zone, now } = where;
            const next = nextDigest(frequency, digest, now, zone);
            expect(next).toBeGreaterThan(now);
            expect(next - now).toBeLessThanOrEqual((frequency === 'daily' ? 1 : 7) * 86_400_000 + 3 * 3_600_000);
            const asked = askedFor(next, digest.hour, zone);
            expect(asked.toPlainTime().toString()).toBe(`${String(digest.hour).padStart(2, '0')}:00:00`);
            if (frequency === 'weekly') expect(weekdays[asked.dayOfWeek - 1]).toBe(digest.weekday);
          },
        ),
        { numRuns: 3_000 },
      );
    });

    it('from one to the next is one local day or week, each hour once', () => {
      fc.assert(
        fc.property(
          fc.constantFrom('daily' as const, 'weekly' as const),
          digests,
          anywhere,
          (frequency, digest, where) => {
            const { zone, now } = where;
            const first = nextDigest(frequency, digest, now, zone);
            const second = nextDigest(frequency, digest, first, zone);
            const days = askedFor(first, digest.hour, zone).until(askedFor(second, digest.hour, zone)).days;
            expect(days).toBe(frequency === 'daily' ? 1 : 7);
            // Whoever asks in between is told the same.
            expect(nextDigest(frequency, digest, Math.floor((now + first) / 2), zone)).toBe(first);
          },
        ),
        { numRuns: 2_000 },
      );
    });
  });
});
