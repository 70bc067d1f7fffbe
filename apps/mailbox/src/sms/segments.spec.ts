import { describe, expect, it } from '@jest/globals';
import { segmentsOf } from './segments.ts';

describe('The number of SMS a text takes', () => {
  it.each([
    ['160 characters of the GSM alphabet', 'a'.repeat(160), 1],
    ['one more', 'a'.repeat(161), 2],
    ['euro signs, which take two septets each', '€'.repeat(81), 2],
    ['70 characters of another alphabet', 'ж'.repeat(70), 1],
    ['one more of it', 'ж'.repeat(71), 2],
    ['nothing', '', 1],
  ])('%s', (_what, text, count) => {
    expect(segmentsOf(text)).toBe(count);
  });
});
