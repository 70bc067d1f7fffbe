import { hash } from 'node:crypto';

/**
 * Which variant a recipient gets: always the same, on any replica and after any time, because it is computed from the two ids and
 * the weights alone. The experiment's id makes those who get the new words in one experiment others than those in the next.
 *
 * @param weights of the variants, each above zero
 * @returns the index of the variant
 */
export function assign(experiment: string, recipient: string, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // 48 bits, evenly spread from 0 to below the total.
  const place = (parseInt(hash('sha256', `${experiment} ${recipient}`).slice(0, 12), 16) / 2 ** 48) * total;
  let end = 0;
  return weights.findIndex((weight) => place < (end += weight));
}
