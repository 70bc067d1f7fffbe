import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verdict } from './verdict.ts';

const at = (ms: number) => new Date(ms);

describe('what to do with a pending timer', () => {
  it.each([
    ['waits before its time', { due_at: at(1001), expires_at: null }, 'wait'],
    ['fires at its very time', { due_at: at(1000), expires_at: null }, 'fire'],
    ['fires when it is overdue, however long', { due_at: at(0), expires_at: null }, 'fire'],
    ['fires as long as its deadline lies ahead', { due_at: at(0), expires_at: at(1001) }, 'fire'],
    ['lapses at its very deadline', { due_at: at(0), expires_at: at(1000) }, 'lapse'],
    ['lapses when its deadline passed before its time', { due_at: at(2000), expires_at: at(500) }, 'lapse'],
  ] as const)('%s', (_, timer, expected) => {
    expect(verdict(timer, at(1000))).toBe(expected);
  });

  it('never fires before its time nor after its deadline, and once decided does not go back to waiting', () => {
    const time = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(time, fc.option(time), time, fc.nat(50), (due, deadline, now, later) => {
        const timer = { due_at: at(due), expires_at: deadline === null ? null : at(deadline) };
        const first = verdict(timer, at(now));
        if (first === 'fire') expect(due <= now && (deadline === null || now < deadline)).toBe(true);
        const next = verdict(timer, at(now + later));
        if (first !== 'wait') expect(next).not.toBe('wait');
        if (first === 'lapse') expect(next).toBe('lapse');
      }),
    );
  });
});
