import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assign } from './assign.ts';

const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 10 });

describe('the assignment of a recipient', () => {
  it('is always the same variant, and always one of them', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string(), weights, (experiment, recipient, given) => {
        const variant = assign(experiment, recipient, given);
        expect(given[variant]).toBeGreaterThan(0);
        expect(assign(experiment, recipient, [...given])).toBe(variant);
      }),
    );
  });

  it('depends on how the weights compare only', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string(), weights, fc.integer({ min: 2, max: 64 }), (experiment, who, given, times) => {
        const larger = given.map((weight) => weight * times);
        expect(assign(experiment, who, larger)).toBe(assign(experiment, who, given));
      }),
    );
  });

  it('honours the weights: the numbers of recipients are as chance would have them', () => {
    const people = 4_000;
    fc.assert(
      fc.property(fc.uuid(), weights, (experiment, given) => {
        const counts = given.map(() => 0);
        for (let person = 0; person < people; person++) counts[assign(experiment, `parent-${person}`, given)]! += 1;
        const total = given.reduce((sum, weight) => sum + weight, 0);
        for (const [variant, weight] of given.entries()) {
          const share = weight / total;
          // Six standard deviations: once in a hundred million.
          const tolerance = 6 * Math.sqrt(people * share * (1 - share)) + 1;
          expect(Math.abs(counts[variant]! - people * share)).toBeLessThan(tolerance);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('in one experiment says nothing of that in another', () => {
    const people = Array.from({ length: 10_000 }, (_, person) => `parent-${person}`);
    const both = people.filter((one) => assign('first', one, [1, 1]) === 0 && assign('second', one, [1, 1]) === 0);
    expect(both.length).toBeGreaterThan(2_200);
    expect(both.length).toBeLessThan(2_800);
  });

  it('stays what it was when Carillon is upgraded', () => {
    const people = ['parent-1', 'parent-2', 'parent-3', 'parent-4', 'parent-5', 'Åse', '家長', '7'];
    const id = '019aa5e5-8f00-8e00-8000-000000000001';
    expect(people.map((person) => assign(id, person, [1, 1, 2]))).toEqual([1, 0, 1, 0, 2, 2, 0, 2]);
  });
});
