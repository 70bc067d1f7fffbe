import type { ReceiptWord } from '@carillon/contracts';
import { next, type Standing } from './standing.ts';

/** A receipt as far as it matters to the state of its delivery. */
export interface Reported {
  /** The attempt it speaks of. */
  readonly attempt: number;
  readonly says: ReceiptWord;
}

/** Which attempts count. */
export interface Attempts {
  /** All that were made. */
  readonly attempts: number;
  /** Those that were made before a person last asked for another try. */
  readonly round_start: number;
}

/** A receipt that says more comes after one that says less, whichever came first. */
const rank: Readonly<Record<ReceiptWord, number>> = {
  accepted: 0,
  undelivered: 1,
  delivered: 2,
  rejected: 2,
  complained: 2,
};

/**
 * Where a delivery stands after all receipts that are known of it, in the order in which they came. Told again with one more it
 * goes on from there; any order of receipts ends in the same state, see {@link next} for providers that contradict themselves.
 */
export function afterReceipts(standing: Standing, of: Attempts, receipts: readonly Reported[]): Standing {
  return receipts
    .filter((receipt) => counts(receipt, of))
    .sort((one, other) => rank[one.says] - rank[other.says])
    .reduce((reached, { says }) => next(reached, { kind: 'receipt', says }), standing);
}

/**
 * What arrived has arrived, whichever attempt did it. Bad news speaks only of the attempt itself: another one may be under way
 * or asked for since.
 */
function counts({ attempt, says }: Reported, { attempts, round_start }: Attempts): boolean {
  switch (says) {
    case 'delivered':
    case 'complained':
      return true;
    case 'accepted':
      return attempt > round_start;
    case 'undelivered':
    case 'rejected':
      return attempt > round_start && attempt === attempts;
  }
}
