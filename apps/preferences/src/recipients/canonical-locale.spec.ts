import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalLocale } from './canonical-locale.ts';

describe('a locale', () => {
  it.each([
    ['en', 'en'],
    ['SW', 'sw'],
    ['pt-br', 'pt-BR'],
    ['zh-hans-cn', 'zh-Hans-CN'],
    ['sr-latn', 'sr-Latn'],
    ['es-419', 'es-419'],
    ['luo', 'luo'],
    // Old and long codes have one form.
    ['iw', 'he'],
    ['swa', 'sw'],
    ['de-CH-1996', 'de-CH-1996'],
    ['ar-u-nu-latn', 'ar-u-nu-latn'],
  ])('%s is %s', (tag, locale) => {
    expect(canonicalLocale(tag)).toEqual({ locale });
  });

  it.each([
    ['klingon', 'language "klingon"'],
    ['xx', 'language "xx"'],
    ['und', 'language "und"'],
    ['en-XX', 'region "XX"'],
    ['en-ZZ', 'region "ZZ"'],
    ['en-999', 'region "ZZ"'],
    ['en-Xxxx', 'script "Xxxx"'],
    ['en-Zzzz', 'script "Zzzz"'],
  ])('%s names an unknown %s', (tag, what) => {
    expect(canonicalLocale(tag)).toEqual({ message: expect.stringContaining(`the unknown ${what}`) });
  });

  it.each(['', 'e', 'en_US', 'english please', 'en-', '-', 'x-private', '日本語'])('"%s" is no language tag', (tag) => {
    expect(canonicalLocale(tag)).toEqual({ message: expect.stringContaining('is not a language tag') });
  });

  it('is its own canonical form, and never throws', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const once = canonicalLocale(parts.join('-'));
        if ('locale' in once) expect(canonicalLocale(once.locale)).toEqual(once);
      }),
    );
  });
});
