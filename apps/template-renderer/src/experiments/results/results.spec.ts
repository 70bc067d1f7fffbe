import { describe, expect, it } from '@jest/globals';
import { getExperiment } from '@carillon/contracts';
import { nothingYet, type VariantCounts } from './counts.ts';
import { resultsOf } from './results.ts';
import { judge } from './verdict.ts';

const experiment = getExperiment.example.response;
const counted = (changes: Partial<VariantCounts>): VariantCounts => ({ ...nothingYet, ...changes });

describe('the results of an experiment', () => {
  it('are each variant’s numbers and rates, and how it does against the control', () => {
    const all = { sent: 1000, delivered: 990, failed: 4, clicked: 100, ended: 1002 };
    const counts = new Map([
      ['control', counted({ ...all, opened: 400 })],
      ['short', counted({ ...all, opened: 480 })],
    ]);
    expect(resultsOf(experiment, counts)).toEqual(experiment.results);
  });

  it('are there before anything was sent', () => {
    const rates = { delivered: null, failed: null, opened: null, clicked: null };
    expect(resultsOf(experiment, new Map())).toMatchObject({
      enough_data: false,
      variants: [
        { key: 'control', sent: 0, rates, against_control: null },
        { key: 'short', sent: 0, rates, against_control: { opened: null, verdict: 'too_few' } },
      ],
    });
  });

  it('know a rate of failure where nothing could be sent', () => {
    const counts = new Map([['control', counted({ failed: 3, ended: 3 })]]);
    const { rates } = resultsOf(experiment, counts).variants[0]!;
    expect(rates).toMatchObject({ failed: { rate: 1, high: 1 }, opened: null });
  });
});

describe('the verdict', () => {
  const of = (successes: number, total: number) => ({ successes, total });
  it.each([
    ['too_few', of(99, 99), of(0, 1000), 'at least 100 have to be sent of each; so far it is 99.'],
    ['too_few', of(0, 0), of(0, 0), 'so far it is 0.'],
    ['undecided', of(55, 200), of(50, 200), 'anything from 6.1 percentage points behind "control" to 11.1 ahead'],
    ['better', of(480, 1000), of(400, 1000), 'Opened more often than "control": by 3.6 to 12.3 percentage points.'],
    ['worse', of(400, 1000), of(480, 1000), 'Opened less often than "control": by 3.6 to 12.3 percentage points.'],
    ['same', of(10_000, 50_000), of(10_010, 50_000), 'they differ by 0.5 percentage points at most.'],
  ])('is %s', (verdict, variant, control, explanation) => {
    expect(judge(variant, control, 'control', 'opened')).toEqual({
      verdict,
      explanation: expect.stringContaining(explanation),
    });
  });
});
