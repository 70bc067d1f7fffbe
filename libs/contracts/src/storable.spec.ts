import { describe, expect, it } from '@jest/globals';
import { deepestJson, findUnstorable, hasMoreValuesThan, isDeeperThan } from './storable.ts';

describe('JSON from outside', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 'x' : [nested(levels - 1)]);

  it.each([null, 1, true, '', 'Ämina 😀\n', [], {}, { a: [{ b: 'c' }] }, nested(deepestJson)])(
    'can be kept: %j',
    (value) => {
      expect(findUnstorable(value)).toBeUndefined();
    },
  );

  it.each([
    ['a text with NUL', 'a\0b', [], 'must not contain'],
    ['half a character', { a: [1, { b: '\ud83d' }] }, ['a', 1, 'b'], 'must not contain'],
    ['a key with NUL', { a: { 'b\0': 1 } }, ['a'], 'must have no key'],
    ['what comes after parts that can be kept', { a: { b: 1 }, c: [[], '\0'] }, ['c', 1], 'must not contain'],
    ['what is nested too deeply', nested(deepestJson + 1), [], 'must be at most 100 levels deep'],
  ])('cannot be kept with %s', (_, value, path, message) => {
    expect(findUnstorable(value)).toEqual({ path, message: expect.stringContaining(message) });
  });

  it('is deeper than a limit or is not, however deep it is', () => {
    expect(isDeeperThan(3, nested(3))).toBe(false);
    expect(isDeeperThan(3, nested(4))).toBe(true);
    expect(isDeeperThan(100, JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toBe(true);
  });

  it('has more values than a limit or has not, wherever they stand', () => {
    const six = { a: [1, { b: 'two' }], c: null };
    expect([hasMoreValuesThan(6, six), hasMoreValuesThan(5, six)]).toEqual([false, true]);
    expect([hasMoreValuesThan(1, Buffer.alloc(10)), hasMoreValuesThan(0, undefined)]).toEqual([false, true]);
  });
});
