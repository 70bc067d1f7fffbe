import { describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Alarm } from './alarm.ts';

describe('the alarm', () => {
  it('rings for the earliest that was asked for, and can be set again from within the ring', async () => {
    const rings: number[] = [];
    const started = performance.now();
    const alarm = new Alarm(() => {
      rings.push(performance.now() - started);
      if (rings.length === 1) alarm.in(30);
    });
    alarm.in(60_000);
    alarm.in(20);
    alarm.in(10_000);
    await until('both rings', () => rings.length === 2);
    alarm.stop();
    expect(rings[0]).toBeGreaterThan(15);
    expect(rings[1]! - rings[0]!).toBeGreaterThan(25);
  });

  it('rings at once for a time that has passed, but not after it was stopped', async () => {
    const rings: string[] = [];
    const stopped = new Alarm(() => rings.push('stopped'));
    const overdue = new Alarm(() => rings.push('overdue'));
    stopped.in(0);
    stopped.stop();
    overdue.in(-5000);
    await until('the overdue ring', () => rings.includes('overdue'));
    expect(rings).toEqual(['overdue']);
  });
});
