import { describe, expect, it } from '@jest/globals';
import { compiledBuiltIns } from '../../testing/sample.ts';
import type { ParsedTemplate } from '../../templates/parsed-template.ts';
import { templateOf, withNeedsOfVariants, wordsFor, type RunningExperiments } from './running-experiment.ts';

const found = (await compiledBuiltIns()).get('welcome')!.get('in_app')!;
const variant = (version: number): ParsedTemplate => ({ ...found, version });
const experiment = {
  id: 'trial-1',
  variants: ['a', 'b'],
  weights: [1, 1],
  words: new Map([['en', [variant(7), variant(8)]]]),
};
const running: RunningExperiments = new Map([[templateOf(found), experiment]]);
const people = Array.from({ length: 50 }, (_, person) => `parent-${person}`);

describe('the words for a recipient', () => {
  it('are those of the variant, which the delivery names', () => {
    const words = people.map((person) => wordsFor(found, person, running));
    expect(new Set(words.map(({ version, trial }) => `${version} ${trial!.experiment} ${trial!.variant}`))).toEqual(
      new Set(['7 trial-1 a', '8 trial-1 b']),
    );
    expect(people.map((person) => wordsFor(found, person, running))).toEqual(words);
  });

  it('say when the lookup fell back to their language', () => {
    const fallback = { wanted: 'welcome.in_app.fr', reason: 'missing' } as const;
    expect(wordsFor({ ...found, fallback }, 'parent-1', running).fallback).toEqual(fallback);
  });

  it('are those that were found while the template is switched off', () => {
    const off = { ...found, fallback: { wanted: 'welcome.in_app.en', reason: 'inactive' as const } };
    expect(wordsFor(off, 'parent-1', running)).toBe(off);
  });

  it('are those that were found where no experiment is about them', () => {
    const others = [
      { ...found, type: 'generic' },
      { ...found, channel: 'sms' as const },
      { ...found, locale: 'sw' },
    ];
    for (const other of others) expect(wordsFor(other, 'parent-1', running)).toBe(other);
    expect(wordsFor(found, 'parent-1', new Map())).toBe(found);
    expect(wordsFor(null, 'parent-1', running)).toBeNull();
  });
});

describe('the data that events have to bring', () => {
  it('are those that any of the variants needs', () => {
    const words = [
      { ...variant(7), required: ['amount'] },
      { ...variant(8), required: ['amount', 'currency'] },
    ];
    const needy: RunningExperiments = new Map([
      [templateOf(found), { ...experiment, words: new Map([['en', words]]) }],
    ]);
    expect(withNeedsOfVariants({ ...found, required: ['title'] }, needy).required).toEqual(['amount', 'currency']);
    expect(withNeedsOfVariants(found, new Map())).toBe(found);
  });
});
