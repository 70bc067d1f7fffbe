import { describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Repeating } from './repeating.ts';

describe('repeated work', () => {
  it('is never done twice at a time, and ends with the turn that was under way', async () => {
    let turns = 0;
    let atOnce = 0;
    let most = 0;
    let release: () => void = () => undefined;
    const repeating = new Repeating(async () => {
      turns += 1;
      most = Math.max(most, (atOnce += 1));
      await new Promise<void>((resolve) => (release = resolve));
      atOnce -= 1;
    }, 1);
    repeating.start();
    repeating.start();
    for (const turn of [1, 2, 3]) {
      await until(`turn ${turn}`, () => turns === turn && atOnce === 1);
      if (turn < 3) release();
    }
    let stopped = false;
    const stopping = repeating.stop().then(() => (stopped = true));
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    release();
    await stopping;
    expect([turns, most, atOnce]).toEqual([3, 1, 0]);
  });
});
