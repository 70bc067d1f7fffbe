import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fieldDifferences } from './field-differences.ts';

const line = fc.constantFrom('Hello', 'Hello,', '', '  two', '{% if a %}');
const text = fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => lines.join('\n'));

/** Without an end of the last line, which is no difference. */
const linesOf = (of: string) => (of === '' ? [] : of.replace(/\n$/, '').split('\n'));

describe('the differences between two sources', () => {
  it('hold both texts, line by line', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const [difference] = fieldDifferences({ body: before }, { body: after });
        if (before === after) return expect(difference).toBeUndefined();
        const without = (change: string) =>
          difference!.lines.filter((one) => one.change !== change).map((one) => one.text);
        expect(without('added')).toEqual(linesOf(before));
        expect(without('removed')).toEqual(linesOf(after));
      }),
    );
  });

  it('are none for equal sources, whatever is in them', () => {
    fc.assert(
      fc.property(fc.object(), (source) => expect(fieldDifferences(source, structuredClone(source))).toEqual([])),
    );
  });

  it('name the fields that came, went and changed, also numbers and switches', () => {
    const before = { subject: 'S', greeting: true, blocks: [{ type: 'header', text: { text: 'A' } }] };
    const after = { subject: 'S', greeting: false, text: 'T', blocks: [{ type: 'divider' }] };
    expect(fieldDifferences(before, after).map(({ field, change }) => `${field} ${change}`)).toEqual([
      'greeting changed',
      'blocks[0].type changed',
      'blocks[0].text.text removed',
      'text added',
    ]);
  });

  it('are found soon, even between long texts with nothing in common', () => {
    const long = (word: string) => Array.from({ length: 12_000 }, (_, index) => `${word}${index}`).join('\n');
    const began = performance.now();
    const [difference] = fieldDifferences({ body: long('a') }, { body: long('b') });
    expect(difference!.lines).toHaveLength(24_000);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
