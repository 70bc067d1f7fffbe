import { describe, expect, it } from '@jest/globals';
import { differenceLines } from './difference.mjs';

const plain = (_style: string, text: string) => text;

describe('the difference that a document makes', () => {
  it('is shown part by part, each change on a line of its own', () => {
    expect(
      differenceLines(
        [
          { change: 'changed', path: 'defaults.types["a.b"].email', before: true, after: false },
          { change: 'removed', path: 'sources.till', before: {} },
          { change: 'added', path: 'types.sale.channels', after: ['in_app'] },
          { change: 'changed', path: 'types.sale.priority', before: 'low', after: 'high' },
        ],
        plain,
      ),
    ).toEqual([
      'defaults.types',
      '  ~ ["a.b"].email: true → false',
      'sources.till',
      '  - {}',
      'types.sale',
      '  + channels: ["in_app"]',
      '  ~ priority: "low" → "high"',
    ]);
  });

  it('shows of a long text where it begins to differ', () => {
    const text = (word: string) => `${'The same for a long time. '.repeat(20)}Then ${word}.`;
    const [, line] = differenceLines(
      [{ change: 'changed', path: 'types.sale.description', before: text('this'), after: text('that') }],
      plain,
    );
    expect(line).toBe('  ~ description: …a long time. Then this." → …a long time. Then that."');
  });
});
