import { describe, expect, it } from '@jest/globals';
import { number } from './number.ts';

const inLocale = (locale: string) => ({ locale, timeZone: 'UTC', siteUrl: 'https://x.example' });

describe('number', () => {
  it.each([
    ['en-001', 12500, undefined, '12,500'],
    ['en-001', 0.5, 2, '0.50'],
    ['en-001', '1234.5678', undefined, '1,234.568'],
    ['fr-FR', 12500, undefined, '12 500'],
    ['en-001', 1.5, 0, '2'],
  ])('in %s writes %p with %p decimals as %s', (locale, value, decimals, expected) => {
    expect(number(value, decimals, inLocale(locale))).toBe(expected);
  });

  it.each([[-1], [21], [1.5], ['2']])('refuses %p decimals', (decimals) => {
    expect(() => number(1, decimals, inLocale('en'))).toThrow(/whole number of decimals/);
  });

  it('refuses what is no number', () => {
    expect(() => number('many', undefined, inLocale('en'))).toThrow('number needs a number');
  });
});
