import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { money } from './money.ts';

const inLocale = (locale: string) => ({ locale, timeZone: 'UTC', siteUrl: 'https://x.example' });

describe('money', () => {
  it.each([
    ['en-001', 12500, 'KES', 'KES 12,500.00'],
    ['en-001', '12500.5', 'kes', 'KES 12,500.50'],
    ['en-US', 49.9, 'USD', '$49.90'],
    ['de-DE', 1234.5, 'EUR', '1.234,50 €'],
    ['ja-JP', 1200, 'JPY', '¥1,200'],
    ['en-001', -5, 'EUR', '-€5.00'],
    ['en-001', '90071992547409931.25', 'KES', 'KES 90,071,992,547,409,931.25'],
  ])('in %s writes %p %s as %s', (locale, amount, currency, expected) => {
    expect(money(amount, currency, inLocale(locale)).replace('￥', '¥')).toBe(expected);
  });

  it.each([['abc'], [NaN], [Infinity], [null], [undefined], [{}], ['1e9'], ['12,500'], ['']])(
    'refuses %p as an amount without repeating it',
    (amount) => {
      expect(() => money(amount, 'KES', inLocale('en'))).toThrow('money needs a number, such as 12500 or "12500.00"');
    },
  );

  it.each([['KE'], ['shilling'], [404], [undefined]])('refuses %p as a currency', (currency) => {
    expect(() => money(1, currency, inLocale('en'))).toThrow(/currency of three letters/);
  });

  it('loses no cent of any amount', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 18n), 10n ** 18n), (cents) => {
        const sign = cents < 0n ? '-' : '';
        const digits = (cents < 0n ? -cents : cents).toString().padStart(3, '0');
        const written = money(`${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`, 'KES', inLocale('en-001'));
        expect(BigInt(written.replace(/\D/g, '')) * (written.startsWith('-') ? -1n : 1n)).toBe(cents);
      }),
    );
  });
});
