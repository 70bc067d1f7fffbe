/** How sure one can be of a share of few or many: pure functions of counts. */

/** So many of so many. */
export interface Share {
  successes: number;
  total: number;
}

/** A rate, and where it lies with 95 % confidence. */
export interface RateInterval {
  rate: number;
  low: number;
  high: number;
}

/** By how much one rate exceeds another, and where that lies with 95 % confidence. */
export interface DifferenceInterval {
  difference: number;
  low: number;
  high: number;
}

/** Two-sided 95 % of the standard normal distribution. */
const z = 1.959963984540054;

/**
 * The score interval of a rate (E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the
 * American Statistical Association 22, 1927, 209–212). Unlike the textbook's rate ± z·standard error it stays within 0 and 1
 * and says something of few cases, and of none or all of them.
 *
 * @returns null of nothing
 */
export function rateInterval({ successes, total }: Share): RateInterval | null {
  if (total === 0) return null;
  const rate = successes / total;
  const z2 = z * z;
  const middle = successes + z2 / 2;
  const half = z * Math.sqrt((successes * (total - successes)) / total + z2 / 4);
  // At the ends rounding would leave the interval just beside the rate that it has to contain.
  const low = successes === 0 ? 0 : (middle - half) / (total + z2);
  const high = successes === total ? 1 : (middle + half) / (total + z2);
  return { rate, low, high };
}

/**
 * The difference of two independent rates, `one - other`, with the score interval that combines both rates' own (R. G. Newcombe,
 * Interval estimation for the difference between independent proportions: comparison of eleven methods, Statistics in Medicine 17,
 * 1998, 873–890, method 10).
 *
 * @returns null where either is of nothing
 */
export function differenceInterval(one: Share, other: Share): DifferenceInterval | null {
  const a = rateInterval(one);
  const b = rateInterval(other);
  if (!a || !b) return null;
  const difference = a.rate - b.rate;
  return {
    difference,
    low: Math.max(-1, difference - Math.hypot(a.rate - a.low, b.high - b.rate)),
    high: Math.min(1, difference + Math.hypot(a.high - a.rate, b.rate - b.low)),
  };
}
