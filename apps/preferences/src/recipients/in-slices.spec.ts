import { describe, expect, it } from '@jest/globals';
import { inSlices } from './in-slices.ts';

describe('long work', () => {
  it('lets others have their turn, and meets every item once and in order', async () => {
    const items = Array.from({ length: 30 }, (_, number) => number);
    const met: [item: number, index: number][] = [];
    let turns = 0;
    let working = true;
    const other = (): void => {
      turns += 1;
      if (working) setImmediate(other);
    };
    setImmediate(other);
    await inSlices(items, (item, index) => {
      const until = performance.now() + 4;
      while (performance.now() < until);
      met.push([item, index]);
    });
    working = false;
    // 120 ms of work in slices of 10 ms.
    expect(turns).toBeGreaterThan(3);
    expect(met).toEqual(items.map((item) => [item, item]));
  });
});
