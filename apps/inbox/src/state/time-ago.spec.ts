import { describe, expect, it } from '@jest/globals';
import { timeAgo } from './time-ago.ts';

const now = new Date('2026-11-21T09:00:00Z');
const ago = (seconds: number, locale = 'en') => timeAgo(new Date(now.getTime() - seconds * 1000), now, locale);

describe('how long ago something was', () => {
  it.each([
    [0, 'now'],
    [59, 'now'],
    [60, '1 minute ago'],
    [3599, '59 minutes ago'],
    [3600, '1 hour ago'],
    [86_400, 'yesterday'],
    [3 * 86_400, '3 days ago'],
    [8 * 86_400, 'last week'],
    [70 * 86_400, '2 months ago'],
    [800 * 86_400, '2 years ago'],
    [-7200, 'in 2 hours'],
  ])('after %d seconds is "%s"', (seconds, words) => expect(ago(seconds)).toBe(words));

  it.each([
    ['sw-KE', 'saa 3 zilizopita'],
    ['de', 'vor 3 Stunden'],
    ['fr-CA', 'il y a 3 heures'],
    ['ar', 'قبل 3 ساعات'],
    ['tlh', '3 hours ago'],
    ['not a locale', '3 hours ago'],
  ])('is said in the language %s', (locale, words) => expect(ago(3 * 3600, locale)).toBe(words));
});
