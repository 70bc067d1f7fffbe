import { Abandoned } from '@carillon/messaging';
import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.ts';

const long = 60_000;

describe('The slots of a provider', () => {
  it('let as many through as there are, and the next when one is given back', async () => {
    const slots = new Slots(2);
    expect([await slots.take('normal', long), await slots.take('normal', long)]).toEqual([true, true]);
    let through = false;
    const third = slots.take('normal', long).then(() => (through = true));
    await Promise.resolve();
    expect(through).toBe(false);
    slots.release();
    await third;
    slots.release();
    slots.release();
    expect(slots.idle).toBe(true);
  });

  it('let those who wait through together when half are free, or after 20 ms', async () => {
    const slots = new Slots(4);
    await Promise.all(Array.from({ length: 4 }, () => slots.take('normal', long)));
    let through = 0;
    const waiting = Array.from({ length: 3 }, () => slots.take('normal', long).then(() => (through += 1)));
    slots.release();
    await Promise.resolve();
    expect(through).toBe(0);
    slots.release();
    await Promise.all(waiting.slice(0, 2));
    expect(through).toBe(2);
    slots.release();
    await waiting[2];
    expect(through).toBe(3);
    for (let left = 0; left < 4; left += 1) slots.release();
    expect(slots.idle).toBe(true);
  });

  it('serve the urgent lane first', async () => {
    const slots = new Slots(1);
    await slots.take('bulk', long);
    const served: string[] = [];
    const all = (['bulk', 'normal', 'urgent'] as const).map((lane) =>
      slots.take(lane, long).then(() => {
        served.push(lane);
        slots.release();
      }),
    );
    slots.release();
    await Promise.all(all);
    expect(served).toEqual(['urgent', 'normal', 'bulk']);
  });

  it('are not waited for longer than one has patience, and then nobody waits until those before are gone', async () => {
    const slots = new Slots(1);
    await slots.take('normal', long);
    const patient = slots.take('normal', long);
    expect(await slots.take('normal', 20)).toBe(false);
    expect(await slots.take('urgent', long)).toBe(false);
    slots.release();
    expect(await patient).toBe(true);
    const next = slots.take('normal', long);
    slots.release();
    expect(await next).toBe(true);
  });

  it('are closed on shutdown: whoever waits goes away, whoever holds one gives it back as usual', async () => {
    const slots = new Slots(1);
    await slots.take('normal', long);
    const waiting = slots.take('urgent', long);
    slots.close();
    await expect(waiting).rejects.toBeInstanceOf(Abandoned);
    await expect(slots.take('urgent', long)).rejects.toBeInstanceOf(Abandoned);
    expect(() => slots.release()).not.toThrow();
  });
});
