import { describe, expect, it } from '@jest/globals';
import { canonicalLocale, formattingLocale, knownTimeZone } from './formatting.ts';

describe('the locale of numbers and dates', () => {
  it.each([
    ['en', 'en', 'en-001'],
    ['en-KE', 'en', 'en-KE'],
    ['en_US', 'en', 'en-US'],
    ['sw-KE', 'sw', 'sw-KE'],
    ['sw-KE', 'en', 'en-001'],
    ['not a locale', 'en', 'en-001'],
    ['fr', 'fr-CA', 'fr'],
  ])('for a recipient with %s and words in %s is %s', (recipient, template, expected) => {
    expect(formattingLocale(recipient, template)).toBe(expected);
  });

  it('is written canonically', () => {
    expect(canonicalLocale('zh_hant_tw')).toBe('zh-Hant-TW');
    expect(canonicalLocale('')).toBeUndefined();
  });
});

describe('a time zone', () => {
  it('that does not exist is UTC', () => {
    expect(knownTimeZone('Africa/Nairobi')).toBe('Africa/Nairobi');
    expect(knownTimeZone('Mars/Olympus')).toBe('UTC');
  });
});
