import { describe, expect, it } from '@jest/globals';
import { relatedOf } from './related.ts';

describe('what a notification is about', () => {
  it.each([
    [
      'whatever ends in _id',
      { lesson_id: 'l-1', student_id: 7, title: 'x', id: 'e' },
      { lesson_id: 'l-1', student_id: 7 },
    ],
    ['but not its recipient', { recipient_id: 'r', lesson_id: 'l' }, { lesson_id: 'l' }],
    ['but no lists, objects, gaps', { a_id: ['1'], b_id: { c: 1 }, c_id: null, d_id: '' }, {}],
    ['what the event names itself', { related: { lesson: 'l-1' }, student_id: 7 }, { lesson: 'l-1' }],
    ['not what it names badly', { related: 'l-1', student_id: 7 }, { student_id: 7 }],
    ['no endless ids', { a_id: 'x'.repeat(129), b_id: 'b' }, { b_id: 'b' }],
  ])('is %s', (_, data, related) => {
    expect(relatedOf(data)).toEqual(related);
  });

  it('is no more than twenty things', () => {
    const data = Object.fromEntries(Array.from({ length: 30 }, (_, number) => [`thing_${number}_id`, number]));
    expect(Object.keys(relatedOf(data))).toHaveLength(20);
  });
});
