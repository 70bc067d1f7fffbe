import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UnderWay } from './under-way.ts';

describe('Outcomes of attempts', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** Attempts that end one by one, each followed by its outcome. */
  function attempts(count: number) {
    const underWay = new UnderWay();
    const recorded: string[] = [];
    const ends = Array.from({ length: count }, () => Promise.withResolvers<void>());
    for (const [index, { promise }] of ends.entries()) {
      void underWay.during(() => promise).then(() => underWay.gather(() => recorded.push(`${index}`)));
    }
    const end = async (index: number) => {
      ends[index]!.resolve();
      await jest.advanceTimersByTimeAsync(0);
    };
    return { recorded, end };
  }

  it('wait for nobody when there is only one', async () => {
    const { recorded, end } = attempts(1);
    await end(0);
    expect(recorded).toEqual(['0']);
  });

  it('wait for the last one, which waits for nobody', async () => {
    const { recorded, end } = attempts(3);
    await end(0);
    await end(1);
    expect(recorded).toEqual([]);
    await end(2);
    expect(recorded.sort()).toEqual(['0', '1', '2']);
  });

  it('wait no longer than 20 ms for an attempt that takes long', async () => {
    const { recorded, end } = attempts(3);
    await end(0);
    await jest.advanceTimersByTimeAsync(15);
    await end(1);
    expect(recorded).toEqual([]);
    await jest.advanceTimersByTimeAsync(6);
    expect(recorded).toEqual(['0', '1']);
  });
});
