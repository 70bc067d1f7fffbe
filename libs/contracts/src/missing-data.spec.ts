import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isMissing } from './missing-data.ts';

describe('what data lack', () => {
  it.each<[string, object, string]>([
    ['nothing of the name', {}, 'name'],
    ['null', { name: null }, 'name'],
    ['undefined', { name: undefined }, 'name'],
    ['empty text', { name: '' }, 'name'],
    ['text of spaces only', { name: ' \n\t' }, 'name'],
    ['a part of the path', { course: {} }, 'course.title'],
    ['a path through a text', { course: 'Piano' }, 'course.title'],
    ['an inherited name', {}, 'constructor'],
    ['the list itself', {}, 'items[0].name'],
  ])('%s is missing', (_, data, path) => {
    expect(isMissing(data, path)).toBe(true);
  });

  it.each<[string, object, string]>([
    ['zero', { amount: 0 }, 'amount'],
    ['false', { paid: false }, 'paid'],
    ['an empty list', { items: [] }, 'items'],
    ['a path', { course: { title: 'Piano' } }, 'course.title'],
    ['whatever stands after a bracket', { items: [] }, 'items[0].name'],
    ['data without a prototype', Object.assign(Object.create(null) as object, { name: 'Amina' }), 'name'],
  ])('%s is there', (_, data, path) => {
    expect(isMissing(data, path)).toBe(false);
  });

  it('never fails, whatever the data and the path', () => {
    fc.assert(
      fc.property(fc.object(), fc.string(), (data, path) => {
        expect(typeof isMissing(data, path)).toBe('boolean');
      }),
    );
  });
});
