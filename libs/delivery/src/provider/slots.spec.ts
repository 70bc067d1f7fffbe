import { Abandoned } from '@carillon/messaging';
import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.ts';

describe('The slots of a provider', () => {
  it('let as many through as there are, and the next when one is given back', async () => {
    const slots = new Slots(2);
    await slots.take('normal');
    await slots.take('normal');
    let through = false;
    const third = slots.take('normal').then(() => (through = true));
    await Promise.resolve();
    expect(through).toBe(false);
    slots.release();
    await third;
    expect(slots.takeFree(5)).toBe(0);
  });

  it('serve the urgent lane first', async () => {
    const slots = new Slots(1);
    await slots.take('bulk');
    const served: string[] = [];
    const all = (['bulk', 'normal', 'urgent'] as const).map((lane) =>
      slots.take(lane).then(() => {
        served.push(lane);
        slots.release();
      }),
    );
    slots.release();
    await Promise.all(all);
    expect(served).toEqual(['urgent', 'normal', 'bulk']);
  });

  it('can be taken without waiting, as many as are free', () => {
    const slots = new Slots(3);
    expect(slots.takeFree(2)).toBe(2);
    expect(slots.takeFree(2)).toBe(1);
    slots.release(3);
    expect(slots.takeFree(9)).toBe(3);
  });

  it('are closed on shutdown: whoever waits goes away, whoever holds one gives it back as usual', async () => {
    const slots = new Slots(1);
    await slots.take('normal');
    const waiting = slots.take('urgent');
    slots.close();
    await expect(waiting).rejects.toBeInstanceOf(Abandoned);
    await expect(slots.take('urgent')).rejects.toBeInstanceOf(Abandoned);
    expect(() => slots.release()).not.toThrow();
  });
});
