import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineUp } from './line.ts';

const now = 1e12;
const calm = { nowMs: now, notBeforeMs: 0, perSecond: 10, ageSeconds: 0, random: 0.5 };

describe('The line of what was put aside', () => {
  it('comes back as fast as the provider takes it', () => {
    let tailMs = 0;
    const seconds = Array.from({ length: 5 }, () => {
      const place = lineUp(tailMs, calm);
      tailMs = place.tailMs;
      return place.inSeconds;
    });
    expect(seconds).toEqual([1, 1.1, 1.2, 1.3, 1.4]);
  });

  it('begins when the provider is asked again', () => {
    expect(lineUp(0, { ...calm, notBeforeMs: now + 30_000 }).inSeconds).toBe(30);
  });

  it('is looked at again within a minute, or a quarter of the time waited, however long it is', () => {
    const anything = fc.record({
      tail: fc.integer({ min: 0, max: 1e9 }),
      notBefore: fc.integer({ min: 0, max: 3e5 }),
      ageSeconds: fc.integer({ min: 0, max: 1e6 }),
      random: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(anything, ({ tail, notBefore, ageSeconds, random }) => {
        const { inSeconds } = lineUp(now + tail, { ...calm, notBeforeMs: now + notBefore, ageSeconds, random });
        expect(inSeconds).toBeGreaterThanOrEqual(Math.max(1, notBefore / 1000));
        expect(inSeconds).toBeLessThanOrEqual(
          Math.max(1, notBefore / 1000) + Math.min(Math.max(60, ageSeconds / 4), 900) + 0.001,
        );
      }),
    );
  });
});
