import { describe, expect, it } from '@jest/globals';
import { refusalIn, type Outcomes } from './outcomes.ts';

const outcomes: Outcomes = {
  queued: 'accepted',
  '1701': 'accepted',
  bad_number: 'permanent',
  bad_sender: 'permanent_technical',
  busy: 'retryable',
  no_credit: 'retryable_technical',
  slow_down: 'throttled',
  http_422: 'permanent',
};
const meaning = (said: string | null | undefined, status = 200, table = outcomes) =>
  refusalIn('the SMS provider', table, { status, retryAfter: '30', said });

describe('The table of outcomes', () => {
  it.each<[string, object | undefined]>([
    ['queued', undefined],
    ['1701', undefined],
    ['bad_number', { kind: 'permanent', error: 'the SMS provider: bad_number', code: 'bad_number' }],
    ['bad_sender', { kind: 'permanent', technical: true }],
    ['busy', { kind: 'retryable' }],
    ['no_credit', { kind: 'retryable', technical: true }],
    ['slow_down', { kind: 'throttled', retryAfterSeconds: 30 }],
  ])('knows %s', (said, outcome) => {
    if (outcome) expect(meaning(said)).toMatchObject(outcome);
    else expect(meaning(said)).toBeUndefined();
  });

  it('counts for answers that are errors by HTTP too, which otherwise speak for themselves', () => {
    expect(meaning(undefined, 422)).toMatchObject({ kind: 'permanent', code: 'http_422' });
    expect(meaning('no_credit', 400)).toMatchObject({ kind: 'retryable', technical: true });
    expect(meaning(undefined, 500)).toMatchObject({ kind: 'throttled', retryAfterSeconds: 30 });
    expect(meaning('other', 401)).toMatchObject({ kind: 'retryable', technical: true });
  });

  it('leaves open what an unknown word means, does not repeat it, and can say what it does', () => {
    for (const said of ['sent to +254711000111', null]) {
      expect(meaning(said)).toMatchObject({ kind: 'uncertain' });
      expect(JSON.stringify(meaning(said))).not.toContain('254711');
      expect(meaning(said, 200, { ...outcomes, '*': 'accepted' })).toBeUndefined();
    }
  });

  it('is not needed where nothing is looked at', () => {
    expect(meaning(undefined, 202)).toBeUndefined();
    expect(meaning(undefined, 202, {})).toBeUndefined();
  });
});
