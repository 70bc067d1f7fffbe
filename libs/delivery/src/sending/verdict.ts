/** What an attempt's outcome means for its delivery. Pure: time and randomness come in as numbers. */
import type { SendOutcome } from '../provider/provider.ts';
import { retryAfter, type RetryPolicy } from '../retry/retry-policy.ts';
import type { Happening } from '../state/standing.ts';

/** What to do about a message of which nobody knows whether the provider took it. */
export type UncertainPolicy =
  /** Send it again; for messages that the receiving side recognises as the same, or that do no harm twice. */
  | 'resend'
  /** Leave it; a person may decide. For one-time codes and everything that costs money twice. */
  | 'stop';

/** Where the delivery was when the attempt ended. */
export interface Circumstances {
  /** Retries made since the delivery was created or last put back by hand. */
  readonly retriesUsed: number;
  /** Seconds until the message is of no more use; null: never. */
  readonly expiresInSeconds: number | null;
  /** From 0 to 1. */
  readonly random: number;
}

/** What is to be recorded. */
export interface Verdict {
  readonly happening: Happening;
  /** Until the next attempt; set when the happening is `postponed`. */
  readonly delaySeconds: number | null;
}

const verdict = (happening: Happening, delaySeconds: number | null = null): Verdict => ({ happening, delaySeconds });

/** Judges one attempt. */
export function judge(outcome: SendOutcome, policy: RetryPolicy, circumstances: Circumstances): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      return verdict({ kind: 'accepted' });
    case 'permanent':
      return verdict({ kind: 'given_up', failure: outcome.technical ? 'technical' : 'permanent' });
    case 'uncertain':
      return verdict({ kind: 'lost' });
    case 'retryable':
    case 'throttled': {
      const answer = retryAfter(policy, {
        ...circumstances,
        retryAfterSeconds: outcome.kind === 'throttled' ? outcome.retryAfterSeconds : undefined,
      });
      if (answer.kind === 'retry') return verdict({ kind: 'postponed' }, answer.inSeconds);
      if (answer.kind === 'expired') return verdict({ kind: 'lapsed' });
      const technical = outcome.kind === 'retryable' && outcome.technical;
      return verdict({ kind: 'given_up', failure: technical ? 'technical' : 'temporary' });
    }
  }
}

/** What follows for an uncertain delivery: another attempt, or nothing (null): it stays uncertain. */
export function settleUncertain(
  uncertain: UncertainPolicy,
  policy: RetryPolicy,
  circumstances: Circumstances,
): Verdict | null {
  if (uncertain === 'stop') return null;
  const answer = retryAfter(policy, circumstances);
  // Out of retries or of time it stays uncertain: "failed" and "expired" would claim to know that it did not arrive.
  return answer.kind === 'retry' ? verdict({ kind: 'postponed' }, answer.inSeconds) : null;
}
