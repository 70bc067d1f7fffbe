import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { textsOf, withTexts } from './texts.ts';

describe('the texts of a source', () => {
  const source = {
    title: 'Lesson',
    message: 'Tomorrow',
    link: '/lessons',
    required: ['title'],
    actions: [{ label: 'Look', url: '/look', style: 'primary' }],
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: '*Cello*' } },
      { type: 'image', image_url: '/cello.png', alt_text: 'A cello' },
    ],
  };

  it('are what people read, by its place; links, pictures and styles are not among them', () => {
    expect(Object.fromEntries(textsOf(source))).toEqual({
      title: 'Lesson',
      message: 'Tomorrow',
      'actions[0].label': 'Look',
      'blocks[0].text.text': '*Cello*',
      'blocks[1].alt_text': 'A cello',
    });
  });

  it('are replaced in their places, and nothing else is', () => {
    const changed = withTexts(
      source,
      new Map([
        ['actions[0].label', 'Tazama'],
        ['link', '/never'],
        ['nowhere', 'x'],
      ]),
    );
    expect(changed).toEqual({ ...source, actions: [{ label: 'Tazama', url: '/look', style: 'primary' }] });
  });

  it('put back where they were make the same source, whatever it is', () => {
    fc.assert(
      fc.property(fc.object({ key: fc.constantFrom('title', 'text', 'label', 'url', 'x') }), (any) => {
        expect(withTexts(any, textsOf(any))).toEqual(any);
      }),
    );
  });
});
