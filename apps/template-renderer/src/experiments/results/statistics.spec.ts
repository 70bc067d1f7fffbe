import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { differenceInterval, rateInterval, type Share } from './statistics.ts';

const share: fc.Arbitrary<Share> = fc
  .integer({ min: 1, max: 1_000_000 })
  .chain((total) => fc.record({ successes: fc.integer({ min: 0, max: total }), total: fc.constant(total) }));
const others = ({ successes, total }: Share): Share => ({ successes: total - successes, total });

describe('the interval of a rate', () => {
  // R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 1998, 857–872, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i in %i is the published one', (successes, total, low, high) => {
    const interval = rateInterval({ successes, total })!;
    expect([interval.low, interval.high].map((bound) => Number(bound.toFixed(4)))).toEqual([low, high]);
  });

  it('contains the rate and stays within 0 and 1', () => {
    fc.assert(
      fc.property(share, (given) => {
        const { rate, low, high } = rateInterval(given)!;
        expect(0 <= low && low <= rate && rate <= high && high <= 1).toBe(true);
        expect(low).toBeLessThan(high);
      }),
    );
  });

  it('is the mirror image of that of all the others', () => {
    fc.assert(
      fc.property(share, (given) => {
        const one = rateInterval(given)!;
        const other = rateInterval(others(given))!;
        expect(one.low).toBeCloseTo(1 - other.high, 9);
        expect(one.high).toBeCloseTo(1 - other.low, 9);
      }),
    );
  });

  it('narrows as more are seen of the same', () => {
    fc.assert(
      fc.property(share, fc.integer({ min: 2, max: 100 }), ({ successes, total }, times) => {
        const few = rateInterval({ successes, total })!;
        const many = rateInterval({ successes: successes * times, total: total * times })!;
        expect(many.high - many.low).toBeLessThan(few.high - few.low);
      }),
    );
  });

  it('is not there of nothing', () => {
    expect(rateInterval({ successes: 0, total: 0 })).toBeNull();
  });
});

describe('the interval of a difference', () => {
  // R. G. Newcombe, Interval estimation for the difference between independent proportions, 1998, table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [0, 10, 0, 10, -0.2775, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
    [10, 10, 0, 10, 0.6075, 1],
  ])('of %i in %i and %i in %i is the published one', (a, m, b, n, low, high) => {
    const interval = differenceInterval({ successes: a, total: m }, { successes: b, total: n })!;
    expect([interval.low, interval.high].map((bound) => Number(bound.toFixed(4)))).toEqual([low, high]);
  });

  it('contains the difference and stays within -1 and 1', () => {
    fc.assert(
      fc.property(share, share, (one, other) => {
        const { difference, low, high } = differenceInterval(one, other)!;
        expect(-1 <= low && low <= difference && difference <= high && high <= 1).toBe(true);
      }),
    );
  });

  it('changes its sign with the order, and with what is counted', () => {
    fc.assert(
      fc.property(share, share, (one, other) => {
        const there = differenceInterval(one, other)!;
        for (const back of [differenceInterval(other, one)!, differenceInterval(others(one), others(other))!]) {
          expect(back.difference).toBeCloseTo(-there.difference, 9);
          expect(back.low).toBeCloseTo(-there.high, 9);
          expect(back.high).toBeCloseTo(-there.low, 9);
        }
      }),
    );
  });

  it('narrows as more are seen of the same', () => {
    fc.assert(
      fc.property(share, share, fc.integer({ min: 2, max: 100 }), (one, other, times) => {
        const more = ({ successes, total }: Share) => ({ successes: successes * times, total: total * times });
        const few = differenceInterval(one, other)!;
        const many = differenceInterval(more(one), more(other))!;
        expect(many.high - many.low).toBeLessThan(few.high - few.low);
      }),
    );
  });

  it('is not there where either has seen nothing', () => {
    const nothing = { successes: 0, total: 0 };
    expect(differenceInterval(nothing, { successes: 1, total: 2 })).toBeNull();
    expect(differenceInterval({ successes: 1, total: 2 }, nothing)).toBeNull();
  });
});
