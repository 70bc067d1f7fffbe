import { describe, expect, it } from '@jest/globals';
import { url } from './url.ts';

const formatting = { locale: 'en', timeZone: 'UTC', siteUrl: 'https://school.example/portal' };

describe('url', () => {
  it('completes a path with the site', () => {
    expect(url('/invoices/7?a=1', formatting)).toBe('https://school.example/portal/invoices/7?a=1');
  });

  it('leaves a whole address as it is', () => {
    expect(url('https://pay.example/1', formatting)).toBe('https://pay.example/1');
    expect(url('mailto:help@school.example', formatting)).toBe('mailto:help@school.example');
  });

  it.each([['javascript:alert(1)'], ['JaVaScRiPt:alert(1)'], ['data:text/html,x'], ['//evil.example'], ['x'], ['']])(
    'refuses %p',
    (value) => {
      expect(() => url(value, formatting)).toThrow('a link must start with https://, http://, mailto: or a single /');
    },
  );

  it('refuses what is no string', () => {
    expect(() => url(7, formatting)).toThrow('a link must be a string');
  });
});
