/** What every provider (SMTP server, SMS vendor, …) is to a sender. */

/** One message to one address. */
export interface Message<Content> {
  readonly tenant: string;
  /** Stable across attempts: whatever the provider offers to recognise a repeated send is derived from it. */
  readonly deliveryId: string;
  readonly to: {
    readonly address: string;
    /** What the person is called, where the channel shows it. */
    readonly name: string | null;
  };
  readonly content: Content;
}

/**
 * What became of one call. Expected outcomes are return values; each is classified where the provider's own words are known.
 * An `error` says what happened in the provider's codes and plain words, and never contains the address, the message or a
 * credential: it is logged, stored, shown and published.
 */
export type SendOutcome =
  | {
      readonly kind: 'accepted';
      /** What the provider calls the message; null where it gives no name. */
      readonly providerMessageId: string | null;
    }
  /** Certainly not sent; may work later. */
  | ({ readonly kind: 'retryable'; readonly technical?: boolean; readonly recipient?: boolean } & Trouble)
  /** Certainly not sent, and it never will be. */
  | ({ readonly kind: 'permanent'; readonly technical?: boolean } & Trouble)
  /** Certainly not sent, because the provider is asked too often. */
  | ({ readonly kind: 'throttled'; readonly retryAfterSeconds?: number } & Trouble)
  /** It may or may not have been sent: the connection was lost after the message had been handed over. */
  | ({ readonly kind: 'uncertain' } & Trouble);
// `technical`: our own side is at fault (credentials, sender id, balance), not the recipient or the message.
// `recipient`: the recipient's side is at fault (a full mailbox), so another provider would fare no better.

/** Any outcome but `accepted`. */
export type NotAccepted = Exclude<SendOutcome, { readonly kind: 'accepted' }>;

interface Trouble {
  readonly error: string;
  /** The provider's own code for it, by which the log is filtered: `5.1.1`, `21211`, `UserInBlacklist`, `ECONNREFUSED`. */
  readonly code?: string;
}

/** What a provider knows of a message. */
export type Finding =
  | { readonly kind: 'taken'; readonly providerMessageId: string | null }
  | { readonly kind: 'not_taken' }
  | { readonly kind: 'unknown' };

/** Whether a provider is ready to send for us; `detail` in our own words, without credentials. */
export interface CheckResult {
  readonly ok: boolean;
  readonly detail: string;
}

/** A way to send messages of one channel. */
export interface Provider<Content = unknown> {
  /** As configured: `smtp`, `twilio`. Used in logs, metrics and attempts. */
  readonly name: string;
  /**
   * Sends one message.
   * @param signal aborts when the time for the attempt is over; the provider then gives up its connection and answers
   *   `uncertain`, or `retryable` when it knows that nothing was handed over
   * @returns what became of it; a rejection is a defect of the adapter and counts as uncertain
   */
  send(message: Message<Content>, signal: AbortSignal): Promise<SendOutcome>;
  /**
   * Looks up what became of a message of which nobody knows whether it was taken, where the provider can be asked.
   * @param since the attempt began after this
   * @returns `not_taken` only where that is certain; a rejection counts as `unknown`
   */
  lookUp?(message: Message<Content>, since: Date, signal: AbortSignal): Promise<Finding>;
  /** Asks the provider whether it takes the credentials, without sending anything. */
  check?(signal: AbortSignal): Promise<CheckResult>;
  /** Gives back connections; nothing is sent afterwards. */
  close?(): Promise<void> | void;
}
