import { expect, it } from '@jest/globals';
import { VisitLimit } from './visit-limit.ts';

it('A link is worked for so often a minute, and other links are not concerned', () => {
  const limit = new VisitLimit(3);
  const visit = (link: string, now: number) => {
    try {
      limit.take(link, now);
      return 'taken';
    } catch (error) {
      return error;
    }
  };
  const now = 1_000_000;
  expect([1, 2, 3].map((second) => visit('a', now + second * 1000))).toEqual(['taken', 'taken', 'taken']);
  expect(visit('a', now + 31_000)).toMatchObject({ status: 429, code: 'too_many_requests', retry_after: 30 });
  expect(visit('b', now + 31_000)).toBe('taken');
  expect(visit('a', now + 61_000)).toBe('taken');
});
