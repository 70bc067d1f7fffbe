import { describe, expect, it } from '@jest/globals';
import { localesFor, lookupOrder } from './lookup-order.ts';

const order = (...args: Parameters<typeof lookupOrder>): string[] =>
  lookupOrder(...args).map(({ tenant, type, locale }) => `${tenant || 'carillon'} ${type} ${locale}`);

describe('the order in which templates are looked up', () => {
  it('prefers the type’s own words, then the tenant’s own, then the exact locale', () => {
    expect(order('school', 'invoice_issued', 'sms', 'sw-KE')).toEqual([
      'school invoice_issued sw-KE',
      'school invoice_issued sw',
      'school invoice_issued en',
      'carillon invoice_issued sw-KE',
      'carillon invoice_issued sw',
      'carillon invoice_issued en',
      'school generic sw-KE',
      'school generic sw',
      'school generic en',
      'carillon generic sw-KE',
      'carillon generic sw',
      'carillon generic en',
    ]);
  });

  it('looks for content of the event among the generic words only', () => {
    expect(order('school', 'generic', 'email', 'en')).toEqual(['school generic en', 'carillon generic en']);
  });

  it.each([
    ['zh-Hant-TW', ['zh-Hant-TW', 'zh-Hant', 'zh', 'en']],
    ['en-KE', ['en-KE', 'en']],
    ['EN_gb', ['en-GB', 'en']],
    ['en-u-hc-h12', ['en-u-hc-h12', 'en-u-hc', 'en']],
    ['nonsense!', ['en']],
    ['', ['en']],
  ])('shortens %s step by step and ends with English', (locale, expected) => {
    expect(localesFor(locale)).toEqual(expected);
  });
});
