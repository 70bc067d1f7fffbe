import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batched } from './batched.ts';

/** Work that doubles, slowly, and keeps a record of how it was called. */
function recorded(
  pause: () => Promise<unknown> = () => Promise.resolve(),
  refuses: (input: number) => boolean = () => false,
) {
  const runs: number[][] = [];
  let running = 0;
  let mostRunning = 0;
  return {
    runs,
    mostRunning: () => mostRunning,
    work: async (inputs: readonly number[]): Promise<number[]> => {
      runs.push([...inputs]);
      mostRunning = Math.max(mostRunning, (running += 1));
      try {
        await pause();
        const bad = inputs.find(refuses);
        if (bad !== undefined) throw new Error(`${bad} is at fault`);
        return inputs.map((input) => input * 2);
      } finally {
        running -= 1;
      }
    },
  };
}

describe('batched', () => {
  it('gives every caller its own answer, in whatever order, load and sizes they come', async () => {
    const turns = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 8 });
    const options = fc.record({ max: fc.integer({ min: 1, max: 20 }), concurrency: fc.integer({ min: 1, max: 4 }) });
    await fc.assert(
      fc.asyncProperty(turns, options, fc.integer({ min: 2, max: 9 }), async (sizes, { max, concurrency }, fault) => {
        const refuses = (input: number) => input % fault === 0;
        const { work, runs, mostRunning } = recorded(() => new Promise(setImmediate), refuses);
        const call = batched(work, { max, concurrency });
        const calls: Promise<number>[] = [];
        let next = 1;
        for (const size of sizes) {
          for (let index = 0; index < size; index += 1) calls.push(call(next++));
          await new Promise(setImmediate);
        }
        const ends = await Promise.allSettled(calls);
        ends.forEach((end, index) => {
          const input = index + 1;
          if (refuses(input)) expect(end).toMatchObject({ reason: { message: `${input} is at fault` } });
          else expect(end).toEqual({ status: 'fulfilled', value: input * 2 });
        });
        expect(mostRunning()).toBeLessThanOrEqual(concurrency);
        for (const run of runs) {
          expect(run.length).toBeLessThanOrEqual(max);
          expect(run).toEqual([...run].sort((a, b) => a - b)); // in order of arrival
        }
      }),
      { numRuns: 60 },
    );
  });

  it('shares one run among the calls of a turn, also of those that had to wait a few ticks', async () => {
    const { work, runs } = recorded();
    const call = batched(work);
    await Promise.all([call(1), Promise.resolve().then(() => call(2)), call(3)]);
    expect(runs).toEqual([[1, 3, 2]]);
  });

  it('lets a lone call wait for nobody', async () => {
    const { work, runs } = recorded();
    const call = batched(work);
    expect(await call(1)).toBe(2);
    expect(await call(2)).toBe(4);
    expect(runs).toEqual([[1], [2]]);
  });

  it('gathers what comes while its runs are under way into the next one', async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { work, runs } = recorded(() => held);
    const call = batched(work, { concurrency: 2 });
    const calls: Promise<number>[] = [];
    for (let turn = 1; turn <= 10; turn += 1) {
      calls.push(call(turn));
      await sleep(1);
    }
    expect(runs).toEqual([[1], [2]]);
    release();
    await Promise.all(calls);
    expect(runs).toEqual([[1], [2], [3, 4, 5, 6, 7, 8, 9, 10]]);
  });

  it('fails one input by the Error in its place', async () => {
    const call = batched(async (inputs: readonly number[]) =>
      inputs.map((input) => (input === 2 ? new Error('no twos') : input)),
    );
    const ends = await Promise.allSettled([call(1), call(2), call(3)]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('tries each input alone when a run fails as a whole, so that only the one at fault fails', async () => {
    const { work, runs } = recorded(undefined, (input) => input === 2);
    const call = batched(work);
    const ends = await Promise.allSettled([call(1), call(2), call(3)]);
    expect(ends).toMatchObject([{ value: 2 }, { reason: { message: '2 is at fault' } }, { value: 6 }]);
    expect(runs).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

  it('fails all at once while the database is away', async () => {
    let runs = 0;
    const call = batched(async (_: readonly number[]): Promise<number[]> => {
      runs += 1;
      throw away;
    });
    const ends = await Promise.allSettled([call(1), call(2), call(3)]);
    expect(ends.every((end) => end.status === 'rejected' && end.reason === away)).toBe(true);
    expect(runs).toBe(1);
  });

  it('asks no further when the database goes away while inputs are tried alone', async () => {
    const runs: number[][] = [];
    const call = batched(async (inputs: readonly number[]): Promise<number[]> => {
      runs.push([...inputs]);
      if (inputs.length > 1) throw new Error('one of them is at fault');
      if (inputs[0] === 1) return [10];
      throw away;
    });
    const ends = await Promise.allSettled([1, 2, 3, 4].map(call));
    expect(runs).toEqual([[1, 2, 3, 4], [1], [2]]);
    expect(ends).toEqual([
      { status: 'fulfilled', value: 10 },
      ...Array.from({ length: 3 }, () => ({ status: 'rejected', reason: away })),
    ]);
  });

  it('refuses work that answers with the wrong number of outputs, and goes on', async () => {
    let short = true;
    const call = batched(async (inputs: readonly number[]) => (short ? [] : inputs));
    await expect(call(1)).rejects.toThrow('length');
    short = false;
    await expect(call(2)).resolves.toBe(2);
  });
});
