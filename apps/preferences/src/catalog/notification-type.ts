import type { Audience, Batch, Channel, DigestScope, FieldError, Frequency, Priority } from '@carillon/contracts';
import type { Reminder } from './reminders.ts';

/** What an expression of the catalog sees of an event. */
export interface EventScope {
  event: { id: string; source: string; type: string; subject?: string; time?: string };
  data: Record<string, unknown>;
  subject?: string;
}

/** A `when`, parsed at save time. */
export interface Condition {
  /** As it is written. */
  readonly text: string;
  /** @throws Problem 422 `expression_failed` naming the expression, such as for a field that the event does not have */
  holds(scope: EventScope): boolean;
}

/** A `to`, parsed at save time. */
export interface Addressees {
  readonly text: string;
  /** Recipient ids, each once, or an audience. @throws Problem 422 `expression_failed`, also when it yields no id */
  of(scope: EventScope): string[] | Audience;
}

/** A `batch`, its key parsed at save time. */
export interface Batching {
  /** With what a notification of this event becomes one; undefined where its key is empty. @throws ExpressionFailed */
  of(scope: EventScope): Batch | undefined;
}

/** How a type comes in digests. */
export interface DigestOptions {
  scope: DigestScope;
  /** Its entries of the inbox wait for the digest too. */
  inApp: boolean;
  /** What has been read in the inbox before is left out. */
  unreadOnly: boolean;
}

/** A catalog entry, ready for use: everything the decision needs to know about a notification type. */
export interface NotificationType {
  key: string;
  category: string;
  priority: Priority;
  /** Channels used unless the event names others. */
  channels: readonly Channel[];
  /** Mandatory types ignore every switch of the recipient, but no suppression. */
  mandatory: boolean;
  /** Domain event types that trigger it, besides its own key. */
  on: readonly string[];
  /** Whether it is Carillon's own or the tenant's. */
  origin: 'system' | 'tenant';
  when?: Condition;
  to?: Addressees;
  /** What the event's data lack of the type's JSON Schema, by path (`data.amount`); undefined where there is no schema. */
  check?: (data: Record<string, unknown>) => FieldError[];
  /** Of recipients who have not chosen. */
  frequency?: Frequency;
  throttle?: { max: number; windowMs: number };
  /** Similar ones become one. */
  batching?: Batching;
  /** How it comes in digests. */
  digest?: DigestOptions;
  /** What its events are followed by. */
  reminders: readonly Reminder[];
  /** The type whose words it uses. */
  template: string;
}
