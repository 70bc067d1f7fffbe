import type { Experiment, ExperimentResults } from '@carillon/contracts';
import { nothingYet, type VariantCounts } from './counts.ts';
import { differenceInterval, rateInterval, type Share } from './statistics.ts';
import { judge } from './verdict.ts';

type Result = ExperimentResults['variants'][number];

const compared = ['delivered', 'failed', 'opened', 'clicked'] as const;

/** What came of an experiment so far: each variant by itself, and against the first one, the control. */
export function resultsOf(
  { variants, goal }: Pick<Experiment, 'variants' | 'goal'>,
  counts: ReadonlyMap<string, VariantCounts>,
): ExperimentResults {
  const countsOf = (key: string): VariantCounts => counts.get(key) ?? nothingYet;
  const control = variants[0]!.key;
  const results = variants.map(({ key }, index): Result => {
    const { ended: _, ...numbers } = countsOf(key);
    const rates = byKind((what) => rateInterval(shareOf(countsOf(key), what)));
    if (index === 0) return { key, ...numbers, rates, against_control: null };
    const share = (of: string, what: (typeof compared)[number]) => shareOf(countsOf(of), what);
    const differences = byKind((what) => differenceInterval(share(key, what), share(control, what)));
    const judgement = judge(share(key, goal), share(control, goal), control, goal);
    return { key, ...numbers, rates, against_control: { ...differences, ...judgement } };
  });
  return {
    control,
    enough_data: results.every(
      ({ against_control }) => !['too_few', 'undecided'].includes(against_control?.verdict ?? ''),
    ),
    variants: results,
  };
}

function shareOf(counts: VariantCounts, what: (typeof compared)[number]): Share {
  return { successes: counts[what], total: what === 'failed' ? counts.ended : counts.sent };
}

function byKind<T extends object>(of: (what: (typeof compared)[number]) => T | null) {
  return Object.fromEntries(compared.map((what) => [what, rounded(of(what))])) as Record<
    (typeof compared)[number],
    T | null
  >;
}

/** To a hundredth of a percent: further digits say nothing. */
function rounded<T extends object>(interval: T | null): T | null {
  if (!interval) return null;
  return Object.fromEntries(
    Object.entries(interval).map(([name, value]) => [name, Math.round((value as number) * 10_000) / 10_000 + 0]),
  ) as T;
}
