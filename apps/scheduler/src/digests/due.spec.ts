import type { BatchWindow, DigestWindow, Window } from '@carillon/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fullWith, joined, opening } from './due.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const daily: DigestWindow = { kind: 'digest', frequency: 'daily', hour: 8, time_zone: 'Africa/Nairobi' };
const batch = (changes: Partial<BatchWindow> = {}): BatchWindow => ({
  kind: 'batch',
  type: 'comment_added',
  key: '7',
  mode: 'fixed',
  window_ms: 600_000,
  max_wait_ms: 600_000,
  ...changes,
});

describe('when a window is due', () => {
  it('a digest is at its local hour, a batch so long after the first one', () => {
    expect(opening(daily, now).dueAt).toBe(Date.parse('2026-11-22T05:00:00Z'));
    expect(opening({ ...daily, frequency: 'hourly' }, now).dueAt).toBe(now + 3_600_000);
    expect(opening({ ...daily, frequency: 'weekly', weekday: 'sat', hour: 20 }, now).dueAt).toBe(
      Date.parse('2026-11-21T17:00:00Z'),
    );
    expect(opening(batch(), now)).toEqual({ dueAt: now + 600_000, latestAt: now + 600_000 });
  });

  it('what joins moves a sliding batch, but not beyond its longest wait, and nothing else', () => {
    const sliding = batch({ mode: 'sliding', max_wait_ms: 900_000 });
    const first = opening(sliding, now);
    expect(joined(sliding, first, 2, now + 60_000)).toBe(now + 660_000);
    expect(joined(sliding, first, 2, now + 500_000)).toBe(now + 900_000);
    expect(joined(sliding, first, 2, now + 601_000)).toBe(now + 600_000);
    expect(joined(batch(), opening(batch(), now), 2, now + 60_000)).toBe(now + 600_000);
    expect(joined(daily, opening(daily, now), 2, now + 60_000)).toBe(opening(daily, now).dueAt);
  });

  it('a full one is due at once', () => {
    const window = batch({ max_count: 3 });
    expect(joined(window, opening(window, now), 2, now + 1)).toBe(now + 600_000);
    expect(joined(window, opening(window, now), 3, now + 1)).toBe(now + 1);
    expect(fullWith(daily)).toBe(200);
  });

  const windows: fc.Arbitrary<Window> = fc.oneof(
    fc.record({
      kind: fc.constant('digest' as const),
      frequency: fc.constantFrom('hourly' as const, 'daily' as const, 'weekly' as const),
      hour: fc.nat(23),
      weekday: fc.constantFrom('mon' as const, 'sat' as const, 'sun' as const),
      time_zone: fc.constantFrom('Africa/Nairobi', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/New_York'),
    }),
    fc
      .tuple(
        fc.integer({ min: 1, max: 3_600_000 }),
        fc.nat(7_200_000),
        fc.constantFrom('fixed' as const, 'sliding' as const),
        fc.option(fc.integer({ min: 2, max: 20 }), { nil: undefined }),
      )
      .map(([window_ms, longer, mode, max_count]) =>
        batch({ window_ms, mode, max_wait_ms: window_ms + longer, ...(max_count && { max_count }) }),
      ),
  );

  it('whatever joins when: never later than the longest wait, never before now, and not moved back by what comes later', () => {
    fc.assert(
      fc.property(
        windows,
        fc.integer({ min: now, max: now + 5 * 365 * 86_400_000 }),
        fc.array(fc.nat(1_800_000), { maxLength: 25 }),
        (window, openedAt, gaps) => {
          const { dueAt, latestAt } = opening(window, openedAt);
          expect(dueAt).toBeGreaterThan(openedAt);
          expect(latestAt).toBeGreaterThanOrEqual(dueAt);
          let due = dueAt;
          let at = openedAt;
          let held = 1;
          for (const gap of gaps) {
            at += gap;
            // What comes later opens another one.
            if (at >= due) break;
            held += 1;
            const moved = joined(window, { dueAt: due, latestAt }, held, at);
            expect(moved).toBeGreaterThanOrEqual(at);
            expect(moved).toBeLessThanOrEqual(latestAt);
            if (held < fullWith(window)) expect(moved).toBeGreaterThanOrEqual(due);
            else expect(moved).toBe(at);
            if (window.kind === 'digest' && held < fullWith(window)) expect(moved).toBe(dueAt);
            due = moved;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
