import { describe, expect, it } from '@jest/globals';
import { engagedBy } from './engaged-by.ts';

const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const by = (agent: string | undefined, more: Record<string, string> = {}, method = 'GET') =>
  engagedBy({ method, headers: { 'user-agent': agent, ...more } });

describe('who opens an email', () => {
  it.each([
    chrome,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
    'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
    'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html',
    'Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; ms-office; MSOffice 16)',
  ])('is a person: %s', (agent) => expect(by(agent)).toBe('person'));

  it.each([
    'Mozilla/5.0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0',
  ])('is a mail service that fetches ahead: %s', (agent) => expect(by(agent)).toBe('prefetch'));

  it.each([
    '',
    'curl/8.5.0',
    'Slackbot-LinkExpanding 1.0',
    'python-requests/2.32',
    'node',
    'Mozilla/5.0 HeadlessChrome/141',
  ])('is a program: %s', (agent) => expect(by(agent)).toBe('bot'));

  it('is a program where it does not say who it is, or does not want the answer', () => {
    expect(by(undefined)).toBe('bot');
    expect(by(chrome, {}, 'HEAD')).toBe('bot');
  });

  it('is a browser that fetches ahead where it says so', () => {
    expect(by(chrome, { 'sec-purpose': 'prefetch;anonymous-client-ip' })).toBe('prefetch');
    expect(by(chrome, { purpose: 'prefetch' })).toBe('prefetch');
    expect(by(chrome, { 'x-moz': 'prefetch' })).toBe('prefetch');
  });
});
