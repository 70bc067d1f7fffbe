import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lastWords } from './last-words.ts';
import type { RecipientEvent } from './read-recipient-event.ts';

const said = (name: string, at?: number, id = 'amina', tenant = 'default'): RecipientEvent =>
  ({ tenant, id, at, recipient: { name } }) as RecipientEvent;
const names = (events: readonly RecipientEvent[]) => lastWords(events).map(({ recipient }) => recipient!.name);

describe('of what is said of a recipient', () => {
  it('the latest stands, in whatever order it comes', () => {
    expect(names([said('old', 1), said('new', 2)])).toEqual(['new']);
    expect(names([said('new', 2), said('old', 1)])).toEqual(['new']);
  });

  it('what came later stands where the time is the same or nobody says it', () => {
    expect(names([said('first', 1), said('second', 1)])).toEqual(['second']);
    expect(names([said('first'), said('second')])).toEqual(['second']);
    expect(names([said('first', 1), said('second')])).toEqual(['second']);
    expect(names([said('first'), said('second', 1)])).toEqual(['first']);
  });

  it('nothing counts for anybody else', () => {
    expect(names([said('a', 1, 'x', 't'), said('b', 2, 'y', 't'), said('c', 3, 'x', 'u')])).toEqual(['a', 'b', 'c']);
  });

  it('a batch says the same as its parts one after the other', () => {
    const event = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.constantFrom('x', 'y'))
      .map(([at, timed, id]) => ({ at: timed ? at : undefined, id }));
    fc.assert(
      fc.property(fc.array(event, { minLength: 1 }), fc.nat(), (list, cut) => {
        const events = list.map(({ at, id }, index) => said(String(index), at, id));
        const at = cut % events.length;
        const parts = lastWords([...lastWords(events.slice(0, at)), ...lastWords(events.slice(at))]);
        const sorted = (all: RecipientEvent[]) => all.map(({ recipient }) => recipient!.name).sort();
        expect(sorted(parts)).toEqual(sorted(lastWords(events)));
      }),
    );
  });
});
