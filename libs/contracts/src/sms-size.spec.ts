import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { smsSizeOf } from './sms-size.ts';

describe('The number of SMS that a text takes', () => {
  it.each<[string, string, number]>([
    ['nothing', '', 1],
    ['160 plain characters', 'a'.repeat(160), 1],
    ['161 plain characters', 'a'.repeat(161), 2],
    ['306 plain characters', 'a'.repeat(306), 2],
    ['307 plain characters', 'a'.repeat(307), 3],
    ['80 euro signs, two septets each', '€'.repeat(80), 1],
    ['81 euro signs', '€'.repeat(81), 2],
    ['70 characters with one outside the alphabet', 'č' + 'a'.repeat(69), 1],
    ['71 characters with one outside the alphabet', 'č' + 'a'.repeat(70), 2],
    ['35 emoji, two units each', '🙂'.repeat(35), 1],
    ['67 emoji: no emoji is split, so 33 fit into each part', '🙂'.repeat(67), 3],
  ])('%s', (_what, text, segments) => expect(smsSizeOf(text).segments).toBe(segments));

  it('comes with the alphabet and the units used', () => {
    expect(smsSizeOf('5 €')).toEqual({ alphabet: 'GSM-7', units: 4, segments: 1 });
    expect(smsSizeOf('č🙂')).toEqual({ alphabet: 'UCS-2', units: 3, segments: 1 });
  });

  it('never falls when the text grows within its alphabet', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(50), (length, more) => {
        expect(smsSizeOf('a'.repeat(length + more)).segments).toBeGreaterThanOrEqual(
          smsSizeOf('a'.repeat(length)).segments,
        );
      }),
    );
  });
});
