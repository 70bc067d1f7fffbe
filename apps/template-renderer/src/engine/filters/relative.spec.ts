import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { relative } from './relative.ts';

const now = new Date('2026-11-21T09:30:00Z');
const of = (locale = 'en-001', timeZone = 'UTC') => ({ locale, timeZone, siteUrl: 'https://x.example', now });

describe('relative', () => {
  it.each([
    ['2026-11-21T09:30:20Z', 'now'],
    ['2026-11-21T09:45:00Z', 'in 15 minutes'],
    ['2026-11-21T07:20:00Z', '2 hours ago'],
    ['2026-11-21T12:29:00Z', 'in 3 hours'],
    ['2026-11-22T10:00:00Z', 'tomorrow'],
    ['2026-11-24T01:00:00Z', 'in 3 days'],
    ['2026-11-11', '10 days ago'],
    ['2026-11-21', 'today'],
    ['2026-11-20', 'yesterday'],
    ['2027-01-20', 'in 2 months'],
    ['2029-11-21', 'in 3 years'],
  ])('writes %s as %s', (value, expected) => {
    expect(relative(value, of())).toBe(expected);
  });

  it('speaks the recipient’s language', () => {
    expect(relative('2026-11-24', of('sw-KE'))).toBe('baada ya siku 3');
    expect(relative('2026-11-24', of('de'))).toBe('in 3 Tagen');
    expect(relative('2026-11-20', of('fr'))).toBe('hier');
  });

  it('counts the days of the recipient’s calendar', () => {
    // Half past one in the morning of the 22nd in Auckland already.
    const at = { now: new Date('2026-11-21T12:30:00Z') };
    expect(relative('2026-11-22', { ...of('en-001', 'Pacific/Auckland'), ...at })).toBe('today');
    expect(relative('2026-11-22', { ...of('en-001', 'America/New_York'), ...at })).toBe('tomorrow');
  });

  it('takes a time without a zone for one of the recipient’s', () => {
    expect(relative('2026-11-21T14:30:00', of('en-001', 'Africa/Nairobi'))).toBe('in 2 hours');
  });

  it('puts days before now into the past, days after it into the future, and is the same in both', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4_000 }),
        fc.constantFrom('Africa/Nairobi', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC'),
        (days, timeZone) => {
          const at = (shift: number) => {
            const today = new Intl.DateTimeFormat('sv', { timeZone }).format(now);
            return new Date(Date.parse(today) + shift * 86_400_000).toISOString().slice(0, 10);
          };
          const [before, after] = [
            relative(at(-days), of('en-001', timeZone)),
            relative(at(days), of('en-001', timeZone)),
          ];
          expect(before).toMatch(/ ago$|^yesterday$|^last (?:month|year)$/);
          expect(after).toMatch(/^in |^tomorrow$|^next (?:month|year)$/);
          expect(after.match(/\d+ \w+/)?.[0]).toBe(before.match(/\d+ \w+/)?.[0]);
        },
      ),
    );
  });

  it('refuses what is no time, without repeating it', () => {
    for (const value of ['secret', 12, null, '2026-02-30', {}]) {
      expect(() => relative(value, of())).toThrow(/^relative needs an ISO date or time/);
    }
  });
});
