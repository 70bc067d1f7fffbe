import { describe, expect, it } from '@jest/globals';
import type { ReminderRule } from '@carillon/contracts';
import fc from 'fast-check';
import { dueAfter, latest } from './due.ts';

const nairobi = 'Africa/Nairobi';
const at = (text: string) => Date.parse(text);
const due = (rule: ReminderRule, reference: string, after: string, zone = nairobi) => {
  const moment = dueAfter(rule, at(reference), zone, at(after));
  return moment === undefined ? undefined : new Date(moment).toISOString();
};

describe('a reminder', () => {
  it('comes 24 hours before a lesson', () => {
    const rule = { offset: '-PT24H' };
    expect(due(rule, '2026-11-23T15:00:00Z', '2026-11-21T09:00:00Z')).toBe('2026-11-22T15:00:00.000Z');
  });

  it('does not come when that time has passed already', () => {
    expect(due({ offset: '-PT24H' }, '2026-11-23T15:00:00Z', '2026-11-22T16:00:00Z')).toBeUndefined();
  });

  it('comes 7 days before an invoice is due, at eight by the recipient’s clocks', () => {
    const rule = { offset: '-P7D', local_time: '08:00' };
    expect(due(rule, '2026-11-30T21:00:00Z', '2026-11-01T00:00:00Z')).toBe('2026-11-24T05:00:00.000Z');
    expect(due(rule, '2026-11-30T21:00:00Z', '2026-11-01T00:00:00Z', 'Asia/Tokyo')).toBe('2026-11-23T23:00:00.000Z');
  });

  it('of arrears comes every day at two from the thirtieth day until the sixtieth', () => {
    const rule = { offset: 'P30D', local_time: '14:00', every: 'P1D', until: 'P60D' };
    const invoice = '2026-09-30T21:00:00Z';
    expect(due(rule, invoice, '2026-10-01T00:00:00Z')).toBe('2026-10-31T11:00:00.000Z');
    expect(due(rule, invoice, '2026-10-31T11:00:00Z')).toBe('2026-11-01T11:00:00.000Z');
    expect(due(rule, invoice, '2026-11-28T12:00:00Z')).toBe('2026-11-29T11:00:00.000Z');
    expect(due(rule, invoice, '2026-11-29T11:00:00Z')).toBeUndefined();
  });

  it('without an end is over after a year', () => {
    const rule = { every: 'P1D' };
    expect(due(rule, '2026-01-01T00:00:00Z', '2026-12-30T12:00:00Z')).toBe('2026-12-31T00:00:00.000Z');
    expect(due(rule, '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z')).toBeUndefined();
  });

  it('keeps its time of day when the clocks change', () => {
    const rule = { every: 'P1D', local_time: '14:00' };
    expect(due(rule, '2026-10-01T00:00:00Z', '2026-10-31T18:00:00Z', 'America/New_York')).toBe(
      '2026-11-01T19:00:00.000Z',
    );
  });

  it('may be late until what it reminds of, a day, or always where it is repeated', () => {
    expect(latest({ offset: '-PT24H' }, 2_000, 1_000)).toBe(2_000);
    expect(latest({ offset: 'P30D' }, 0, 1_000)).toBe(86_401_000);
    expect(latest({ every: 'P1D' }, 0, 1_000)).toBeUndefined();
  });

  it('that is repeated comes at ever later times, none of which is left out, in every zone', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    const from = at('2020-01-01T00:00:00Z');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: from, max: from + 9 * 365 * 86_400_000 }),
        fc.constantFrom('PT1H', 'P1D', 'P2D', 'PT36H'),
        fc.option(fc.constantFrom('00:00', '02:30', '14:00'), { nil: undefined }),
        fc.integer({ min: 0, max: 300 }),
        (zone, reference, every, local_time, days) => {
          const rule = { every, ...(every.startsWith('P') && !every.includes('T') && { local_time }), until: 'P9Y' };
          const after = reference + days * 86_400_000;
          const first = dueAfter(rule, reference, zone, after)!;
          const second = dueAfter(rule, reference, zone, first)!;
          expect(first).toBeGreaterThan(after);
          expect(second).toBeGreaterThan(first);
          expect(dueAfter(rule, reference, zone, (first + second) / 2)).toBe(second);
          expect(second - first).toBeLessThan(5 * 86_400_000);
        },
      ),
      { numRuns: 500 },
    );
  });
});
