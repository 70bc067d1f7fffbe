import { digestItem, type DigestItem } from '@carillon/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentsOf } from './contents.ts';

const itemOf = (category: string, n: number): DigestItem => ({
  ...digestItem.example,
  category,
  created_at: new Date(n * 1000).toISOString(),
  words: { title: `${n}`, message: '', link: null },
});

describe('what a digest shows', () => {
  it('has every category once, in the order of their first ones, and counts whatever it does not show', () => {
    const categories = fc.array(fc.constantFrom('lessons', 'billing', 'support', 'activity'), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(categories, (of) => {
        const contents = contentsOf(of.map(itemOf), (category) => category.toUpperCase());
        expect(contents).toMatchObject({ frequency: 'daily', title: '0', count: of.length });
        expect(contents.groups.map(({ category }) => category)).toEqual([...new Set(of)]);
        let shown = 0;
        for (const { category, name, count, items, more } of contents.groups) {
          expect(name).toBe(category.toUpperCase());
          expect(items.length + more).toBe(count);
          expect(count).toBe(of.filter((one) => one === category).length);
          const all = [...of.entries()].filter(([, one]) => one === category).map(([n]) => `${n}`);
          expect(items.map(({ title }) => title)).toEqual(all.slice(0, items.length));
          if (more > 0) expect(items.length).toBeGreaterThanOrEqual(3);
          shown += items.length;
        }
        expect(shown).toBeLessThanOrEqual(30);
      }),
    );
  });
});
