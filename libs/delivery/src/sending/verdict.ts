/** What an attempt's outcome means for its delivery. Pure: time and randomness come in as numbers. */
import type { Finding, NotAccepted, SendOutcome } from '../provider/provider.ts';
import { retryAfter, type RetryPolicy } from '../retry/retry-policy.ts';
import type { Happening } from '../state/standing.ts';

/** What to do about a message of which nobody knows whether the provider took it. */
export type UncertainPolicy =
  /** Ask the provider, where it can be asked; send again only what it certainly has not taken. */
  | 'look_up'
  /**
   * The same, but where the provider cannot tell, send it again; for messages that the receiving side recognises as the same, or
   * that do no harm twice.
   */
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

/** What follows for an uncertain delivery. */
export type Settling =
  /** It stays as it is; a person may decide. */
  | { readonly kind: 'stays' }
  /** The provider is asked then. */
  | { readonly kind: 'look_up'; readonly inSeconds: number }
  /** Another attempt is due then. */
  | { readonly kind: 'resend'; readonly inSeconds: number }
  /** The provider has it. */
  | { readonly kind: 'sent'; readonly providerMessageId: string | null };

const stays: Settling = { kind: 'stays' };

/** What to do about a delivery that has just become uncertain. @param canLookUp in so many seconds; null: the provider cannot be asked */
export function settleUncertain(
  uncertain: UncertainPolicy,
  policy: RetryPolicy,
  circumstances: Circumstances,
  lookUpAfterSeconds: number | null,
): Settling {
  if (uncertain === 'stop') return stays;
  if (lookUpAfterSeconds !== null) return { kind: 'look_up', inSeconds: lookUpAfterSeconds };
  return uncertain === 'resend' ? resend(policy, circumstances) : stays;
}

/**
 * What to do about an uncertain delivery once the provider was asked.
 * @param quietSeconds since it became uncertain: what a provider does not know yet it may know later, so it is asked three times
 */
export function afterLookUp(
  finding: Finding,
  uncertain: UncertainPolicy,
  policy: RetryPolicy,
  circumstances: Circumstances,
  { quietSeconds, lookUpAfterSeconds }: { quietSeconds: number; lookUpAfterSeconds: number },
): Settling {
  switch (finding.kind) {
    case 'taken':
      return { kind: 'sent', providerMessageId: finding.providerMessageId };
    case 'not_taken':
      return resend(policy, circumstances, 0);
    case 'unknown':
      if (quietSeconds < lookUpAfterSeconds * 20) return { kind: 'look_up', inSeconds: quietSeconds * 4 };
      return uncertain === 'resend' ? resend(policy, circumstances) : stays;
  }
}

/** Out of retries or of time it stays uncertain: "failed" and "expired" would claim to know that it did not arrive. */
function resend(policy: RetryPolicy, circumstances: Circumstances, inSeconds?: number): Settling {
  const answer = retryAfter(policy, circumstances);
  return answer.kind === 'retry' ? { kind: 'resend', inSeconds: inSeconds ?? answer.inSeconds } : stays;
}

/** Whether another provider may do better at once: never when the message may have been taken, or when its recipient is at fault. */
export function failsOver(outcome: SendOutcome): outcome is Exclude<NotAccepted, { kind: 'uncertain' }> {
  switch (outcome.kind) {
    case 'retryable':
      return !outcome.recipient;
    case 'throttled':
      return true;
    case 'permanent':
      // Our account with this provider is at fault (a sender id, a country); another may be set up better.
      return outcome.technical ?? false;
    default:
      return false;
  }
}

/**
 * What several attempts in a row come to, each with another provider: while one of them may still work, the delivery is tried again,
 * when the first of those that asked for a pause may be asked again.
 */
export function summary(outcomes: readonly [SendOutcome, ...SendOutcome[]]): SendOutcome {
  const last = outcomes.at(-1)!;
  if (outcomes.length === 1 || last.kind === 'accepted' || last.kind === 'uncertain' || !failsOver(last)) return last;
  const throttled = outcomes.filter((outcome) => outcome.kind === 'throttled');
  const soonest = Math.min(...throttled.map(({ retryAfterSeconds = 0 }) => retryAfterSeconds));
  if (throttled.length === outcomes.length) return { ...throttled[0]!, retryAfterSeconds: soonest };
  return outcomes.findLast(({ kind }) => kind === 'retryable') ?? throttled[0] ?? last;
}
