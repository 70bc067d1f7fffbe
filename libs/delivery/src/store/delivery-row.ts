import type { DeliveryState, Failure, Lane, TemplateRef } from '@carillon/contracts';
import type { SendOutcome } from '../provider/provider.ts';

/** A delivery as it arrives at a sender. Names are the table's columns; times are RFC 3339. */
export interface NewDelivery<Content = unknown> {
  readonly tenant: string;
  readonly id: string;
  readonly notification_id: string;
  /** Of the event's record; null for items of an earlier version. */
  readonly event_id: string | null;
  readonly recipient: string;
  readonly type: string;
  readonly category: string;
  readonly lane: Lane;
  readonly template: TemplateRef;
  readonly destination: string;
  readonly destination_name: string | null;
  readonly content: Content;
  readonly expires_at: string | null;
  /** Trace of the event that it came from; later attempts go on with it. */
  readonly traceparent: string | null;
  readonly created_at: string;
}

/** What outsiders are told about a delivery. */
export interface DeliveryFact {
  readonly tenant: string;
  readonly id: string;
  readonly notification_id: string;
  readonly recipient: string;
  readonly type: string;
  readonly category: string;
  readonly template: TemplateRef;
  readonly status: DeliveryState;
  readonly provider: string | null;
  readonly provider_message_id: string | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly traceparent: string | null;
  readonly updated_at: Date;
}

/** A delivery that this process has taken for an attempt, or to bring its last one to an end. */
export interface ClaimedDelivery<Content = unknown> extends DeliveryFact {
  readonly lane: Lane;
  readonly destination: string;
  readonly destination_name: string | null;
  readonly content: Content;
  /** Attempts that count for no retry: those before a person last asked for another try, and those that another provider took over. */
  readonly round_start: number;
  /** Seconds until it expires, by the database's clock when it was claimed; null: never. */
  readonly expires_in: number | null;
  /** Seconds since it was made. */
  readonly age: number;
  /** Seconds since it changed. */
  readonly quiet: number;
}

/** A new delivery that is not sent now. */
export interface PutAside<Content = unknown> extends NewDelivery<Content> {
  readonly status: 'queued' | 'failed';
  readonly failure: Failure | null;
  /** Why. */
  readonly error: string;
  /** Seconds until it is looked at again. */
  readonly delay: number | null;
}

/** An attempt that begins. */
export interface Start {
  readonly tenant: string;
  readonly id: string;
  /** Made before. */
  readonly attempts: number;
  readonly provider: string;
}

/** An attempt that failed on the provider's side, and who takes over. */
export interface FailOver {
  readonly tenant: string;
  readonly id: string;
  readonly number: number;
  readonly outcome: SendOutcome['kind'];
  readonly error: string;
  readonly error_code: string | null;
  readonly next_provider: string;
}

/** How an attempt ended. */
export interface Settlement {
  readonly tenant: string;
  readonly id: string;
  /** Which attempt; how many were made, when none was made now. */
  readonly number: number;
  readonly status: DeliveryState;
  readonly failure: Failure | null;
  /** In which statuses this may still be recorded. */
  readonly changed_from: readonly DeliveryState[];
  /** Null when no attempt was made: the delivery waits longer, or is given up. */
  readonly outcome: SendOutcome['kind'] | null;
  readonly error: string | null;
  readonly error_code: string | null;
  readonly provider_message_id: string | null;
  /** Seconds until the next attempt. */
  readonly delay: number | null;
  /** Keep the lease, because no incoming message stands for the outcome's publication. */
  readonly keep_lease: boolean;
}

/** The outcome of a delivery is published; what comes next for it. */
export interface Release {
  readonly tenant: string;
  readonly id: string;
  /** Seconds until an uncertain delivery is sent again; null: it stays as it is. */
  readonly resend_in: number | null;
  /** Seconds until the provider is asked what became of an uncertain delivery; null: it is not. */
  readonly look_up_in: number | null;
}
