import type { Verdict } from '@carillon/contracts';
import { differenceInterval, type Share } from './statistics.ts';

/** Below it the two could differ by chance in almost any way, and early ones are not those of an ordinary day. */
const fewestToCompare = 100;
/** A difference that nobody would choose other words for. */
const negligible = 0.02;

/** How a variant does against the control, as a word and in a sentence. */
export interface Judgement {
  verdict: Verdict;
  explanation: string;
}

/**
 * Whether there is enough data to say which of two is ahead: the confidence interval of their difference is all on one side of
 * zero, or so narrow that it does not matter.
 *
 * @param control the key of the control
 * @param what the share is of: `opened`, `clicked`
 */
export function judge(variant: Share, other: Share, control: string, what: string): Judgement {
  const least = Math.min(variant.total, other.total);
  const interval = differenceInterval(variant, other);
  if (!interval || least < fewestToCompare) {
    const explanation = `Too few to compare: at least ${fewestToCompare} have to be sent of each; so far it is ${least}.`;
    return { verdict: 'too_few', explanation };
  }
  const { low, high } = interval;
  const name = `"${control}"`;
  const capital = what.charAt(0).toUpperCase() + what.slice(1);
  if (low > 0) {
    return {
      verdict: 'better',
      explanation: `${capital} more often than ${name}: by ${points(low)} to ${points(high)} percentage points.`,
    };
  }
  if (high < 0) {
    return {
      verdict: 'worse',
      explanation: `${capital} less often than ${name}: by ${points(-high)} to ${points(-low)} percentage points.`,
    };
  }
  if (Math.max(-low, high) <= negligible) {
    return {
      verdict: 'same',
      explanation: `${capital} as often as ${name}: they differ by ${points(Math.max(-low, high))} percentage points at most.`,
    };
  }
  return {
    verdict: 'undecided',
    explanation: `Not decided yet: anything from ${points(-low)} percentage points behind ${name} to ${points(high)} ahead is possible. Let it run on.`,
  };
}

/** 0.0364 → `3.6` */
function points(share: number): string {
  return (share * 100).toFixed(1);
}
