/**
 * The life of a delivery as a pure function.
 *
 * ```
 * queued ──▶ sending ──▶ sent ──▶ delivered
 *    ▲          │  ▲       └────▶ failed
 *    │          │  └─ retrying ◀─┐
 *    │          ├──────▶─────────┤        retrying: another attempt is due at next_attempt_at
 *    │          ├─▶ uncertain ───┘        uncertain: nobody knows whether the provider took the message
 *    │          └─▶ failed, expired
 *    └─ beside it, before a send: suppressed, cancelled, expired
 * ```
 * `delivered`, `failed`, `suppressed`, `expired` and `cancelled` are terminal: what comes later changes nothing, except that
 * a late receipt turns failed (temporary) into delivered, that a receipt may say that a temporary failure is permanent, and
 * that a person may put a failed delivery back by hand.
 *
 * Receipts come in any order and more than once. As long as the provider does not contradict itself (a message is either
 * delivered or rejected for good, not both) every order ends in the same state; where it does, its first word stands.
 */
import type { DeliveryState, Failure, ReceiptWord } from '@carillon/contracts';

/** Where a delivery stands. */
export interface Standing {
  readonly status: DeliveryState;
  /** Set exactly when the status is `failed`. */
  readonly failure: Failure | null;
}

/** What can happen to a delivery. */
export type Happening =
  /** An attempt begins. */
  | { readonly kind: 'claimed' }
  /** The provider took the message. */
  | { readonly kind: 'accepted' }
  /** It was not sent; another attempt is due later. */
  | { readonly kind: 'postponed' }
  /** It was not sent and no attempt follows. */
  | { readonly kind: 'given_up'; readonly failure: Failure }
  /** Its deadline passed before it could be sent. */
  | { readonly kind: 'lapsed' }
  /** The connection or the process was lost after the provider may have taken the message. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'suppressed' }
  | { readonly kind: 'cancelled' }
  /** A person asks for another try. */
  | { readonly kind: 'reopened' }
  /** The provider reports later. */
  | { readonly kind: 'receipt'; readonly says: ReceiptWord };

/** The states that nothing but the three exceptions above leaves. */
export const terminalStates: readonly DeliveryState[] = ['delivered', 'failed', 'suppressed', 'expired', 'cancelled'];

const at = (status: Exclude<DeliveryState, 'failed'>): Standing => ({ status, failure: null });
const failed = (failure: Failure): Standing => ({ status: 'failed', failure });

/**
 * Where a delivery stands after something happened.
 * @returns the same object when the happening changes nothing
 */
export function next(standing: Standing, happening: Happening): Standing {
  const { status, failure } = standing;
  const from = (...statuses: DeliveryState[]): boolean => statuses.includes(status);
  switch (happening.kind) {
    case 'claimed':
      return from('queued', 'retrying') ? at('sending') : standing;
    case 'accepted':
      // Also from retrying and uncertain: the answer of an attempt that had been given up for lost is still the truth.
      return from('sending', 'retrying', 'uncertain') ? at('sent') : standing;
    case 'postponed':
      return from('sending', 'uncertain') ? at('retrying') : standing;
    case 'given_up':
      // Also before any attempt: what no provider may be asked for is not kept waiting.
      return from('queued', 'retrying', 'sending', 'uncertain') ? failed(happening.failure) : standing;
    case 'lapsed':
      return from('queued', 'sending', 'retrying') ? at('expired') : standing;
    case 'lost':
      return from('sending') ? at('uncertain') : standing;
    case 'suppressed':
      return from('queued', 'retrying') ? at('suppressed') : standing;
    case 'cancelled':
      return from('queued', 'retrying') ? at('cancelled') : standing;
    case 'reopened':
      return from('failed', 'uncertain') ? at('retrying') : standing;
    case 'receipt':
      return afterReceipt(standing, happening.says, !from(...terminalStates), failure === 'temporary');
  }
}

function afterReceipt(standing: Standing, says: ReceiptWord, open: boolean, failedForNow: boolean): Standing {
  switch (says) {
    case 'accepted':
      return next(standing, { kind: 'accepted' });
    case 'delivered':
    // Whoever complains has got it.
    case 'complained':
      return open || failedForNow ? at('delivered') : standing;
    case 'rejected':
      return open || failedForNow ? failed('permanent') : standing;
    case 'undelivered':
      // While retrying it speaks of an attempt that is already being made good.
      return open && standing.status !== 'retrying' ? failed('temporary') : standing;
  }
}

const everyStanding: readonly Standing[] = [
  ...(
    ['queued', 'sending', 'sent', 'delivered', 'retrying', 'suppressed', 'expired', 'cancelled', 'uncertain'] as const
  ).map(at),
  ...(['permanent', 'temporary', 'technical'] as const).map(failed),
];

/** The statuses in which a happening changes something: the guard of the UPDATE that records it. */
export function changedFrom(happening: Happening): DeliveryState[] {
  const statuses = everyStanding
    .filter((standing) => next(standing, happening) !== standing)
    .map(({ status }) => status);
  return [...new Set(statuses)];
}
