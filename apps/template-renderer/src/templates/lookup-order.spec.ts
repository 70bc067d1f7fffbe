import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fallbackOf, localesFor, lookupOrder, type FoundTemplate } from './lookup-order.ts';
import type { TemplateKey } from './template.ts';

const wanted = (type: string, locale: string) => ({ tenant: 'school', type, channel: 'sms', locale }) as const;
const order = (type: string, locale: string, defaultLocale = 'en'): string[] =>
  lookupOrder(wanted(type, locale), defaultLocale).keys.map(
    ({ tenant, type, locale }) => `${tenant || 'carillon'} ${type} ${locale}`,
  );

describe('the order in which templates are looked up', () => {
  it('prefers the type’s own words, then the tenant’s own, then the exact locale', () => {
    expect(order('invoice_issued', 'sw-KE')).toEqual([
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
    expect(order('generic', 'en')).toEqual(['school generic en', 'carillon generic en']);
  });

  it('tries the tenant’s default locale before English', () => {
    expect(order('generic', 'sw', 'pt-BR').slice(0, 4)).toEqual([
      'school generic sw',
      'school generic pt-BR',
      'school generic pt',
      'school generic en',
    ]);
    expect(order('generic', 'pt', 'pt-BR').slice(0, 3)).toEqual([
      'school generic pt',
      'school generic pt-BR',
      'school generic en',
    ]);
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

  it('has every template once, Carillon’s generic English among them, and never leaves the tenant’s reach', () => {
    const locale = fc.oneof(fc.constantFrom('sw', 'sw-KE', 'pt-BR', 'en', 'EN_gb', 'zh-Hant-TW'), fc.string());
    fc.assert(
      fc.property(locale, locale, (recipients, tenants) => {
        const names = order('lesson', recipients, tenants);
        expect(new Set(names).size).toBe(names.length);
        expect(names).toContain('carillon generic en');
        expect(names.every((name) => /^(school|carillon) (lesson|generic) /.test(name))).toBe(true);
        expect(names[0]).toMatch(/^school lesson /);
      }),
    );
  });
});

describe('a fallback', () => {
  const found = (type: string, locale: string, passed: TemplateKey | null = null): FoundTemplate => ({
    template: { ...wanted(type, locale), version: 1, compiled: { parts: {}, required: [], optional: [] } },
    passed,
  });

  it('is none where the words are of the type and in the recipient’s language', () => {
    for (const locale of ['sw-KE', 'sw']) {
      expect(fallbackOf(wanted('invoice_issued', 'sw_ke'), found('invoice_issued', locale))).toBeUndefined();
    }
    expect(fallbackOf(wanted('invoice_issued', ''), found('invoice_issued', 'en'))).toBeUndefined();
  });

  it('says what was missing: the language, or any words of the type', () => {
    const missing = { wanted: 'invoice_issued.sms.sw-KE', reason: 'missing' };
    expect(fallbackOf(wanted('invoice_issued', 'sw-KE'), found('invoice_issued', 'en'))).toEqual(missing);
    expect(fallbackOf(wanted('invoice_issued', 'sw-KE'), found('generic', 'sw'))).toEqual(missing);
  });

  it('says which better template was switched off, if one was', () => {
    const off = wanted('invoice_issued', 'en');
    expect(fallbackOf(wanted('invoice_issued', 'en-KE'), found('invoice_issued', 'en', off))).toEqual({
      wanted: 'invoice_issued.sms.en',
      reason: 'inactive',
    });
  });
});
