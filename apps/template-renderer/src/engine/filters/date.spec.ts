import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { date } from './date.ts';

const of = (locale: string, timeZone = 'UTC') => ({ locale, timeZone, siteUrl: 'https://x.example' });

describe('date', () => {
  it.each([
    ['full', 'Tuesday, 1 December 2026'],
    ['long', '1 December 2026'],
    ['medium', '1 Dec 2026'],
    ['short', '01/12/2026'],
    ['datetime', '1 December 2026'],
    [undefined, '1 December 2026'],
  ])('writes a day in style %p as %s', (style, expected) => {
    expect(date('2026-12-01', style, of('en-001'))).toBe(expected);
  });

  it('writes in the recipient’s language', () => {
    expect(date('2026-12-01', undefined, of('en-US'))).toBe('December 1, 2026');
    expect(date('2026-12-01', undefined, of('sw-KE'))).toBe('1 Desemba 2026');
    expect(date('2026-12-01', 'long', of('fr'))).toBe('1 décembre 2026');
  });

  it('shows a point in time in the recipient’s zone, naming it', () => {
    const at = '2026-11-28T22:30:00Z';
    expect(date(at, 'datetime', of('en-KE', 'Africa/Nairobi'))).toBe('29 November 2026 at 01:30 EAT');
    expect(date(at, 'time', of('en-US', 'America/New_York'))).toBe('5:30 PM EST');
    expect(date(at, 'long', of('en-001', 'Africa/Nairobi'))).toBe('29 November 2026');
    expect(date('2026-11-29T01:30:00+0300', 'long', of('en-001', 'UTC'))).toBe('28 November 2026');
  });

  it('shows a time without an offset as it stands', () => {
    expect(date('2026-11-28T14:30', 'datetime', of('en-KE', 'Africa/Nairobi'))).toBe('28 November 2026 at 14:30');
  });

  it.each([['2026-02-30'], ['2026-13-01'], ['tomorrow'], ['12/01/2026'], [1796083200], [''], [null], [undefined]])(
    'refuses %p instead of guessing a day',
    (value) => {
      expect(() => date(value, undefined, of('en'))).toThrow(/date needs an ISO date or time/);
    },
  );

  it('refuses an unknown style and the time of a day', () => {
    expect(() => date('2026-12-01', 'fancy', of('en'))).toThrow('date knows the styles full, long, medium, short');
    expect(() => date('2026-12-01', 'constructor', of('en'))).toThrow(/date knows the styles/);
    expect(() => date('2026-12-01', 'time', of('en'))).toThrow(/a day without one/);
  });

  it('never shifts a calendar day, whatever the zone', () => {
    const zones = fc.constantFrom('Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Africa/Nairobi', 'America/New_York');
    const days = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(days, zones, (at, zone) => {
        const day = at.toISOString().slice(0, 10);
        const [year, month, dayOfMonth] = day.split('-').map(Number);
        expect(date(day, 'short', of('en-GB', zone))).toBe(
          [String(dayOfMonth).padStart(2, '0'), String(month).padStart(2, '0'), year].join('/'),
        );
      }),
    );
  });
});
