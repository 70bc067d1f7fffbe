import { describe, expect, it } from '@jest/globals';
import { median, percentile } from './statistics.ts';

describe('statistics', () => {
  it('takes the middle as the median, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('takes percentiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(percentile(values, 50)).toBe(50);
    expect(percentile(values, 99)).toBe(99);
    expect(percentile([7], 99)).toBe(7);
  });

  it('has no answer for nothing', () => {
    expect(median([])).toBeNaN();
    expect(percentile([], 50)).toBeNaN();
  });
});
