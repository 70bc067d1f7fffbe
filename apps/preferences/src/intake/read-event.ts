import {
  defaultTenant,
  eventRequested,
  eventRequestSchema,
  fieldErrors,
  findUnstorable,
  pathOf,
  Problem,
  recipientIdSchema,
  type CloudEvent,
  type EventRequest,
} from '@carillon/contracts';
import { givenIdPrefix } from '@carillon/messaging';
import { z } from 'zod';

/** An event as the pipeline understands it, whichever door it came through. */
export interface IncomingEvent {
  tenant: string;
  /** CloudEvents identity, with the tenant. */
  source: string;
  cloudEventId: string;
  /** False when Carillon had to give the id, so that a repetition cannot be recognised. */
  deduplicated: boolean;
  /** When it happened or was asked for, Unix milliseconds; never in the future. */
  at: number;
  /** The scheduler put it back on the street: its time has come. */
  due: boolean;
  /** Someone asks for notifications in Carillon's own words; otherwise a domain service tells what happened. */
  requested: boolean;
  /** What is asked for; of a domain event only type and data, as the catalog says who is to hear of it. */
  request: EventRequest;
  /** CloudEvents attributes that the catalog's expressions see. */
  subject?: string;
  time?: string;
}

/**
 * Reads an event that came through the front door. `carillon.event.requested.v1` is the request itself, as the API takes
 * it; anything else is a domain event.
 *
 * @param now Unix milliseconds
 * @throws Problem 400/422 naming what is missing; from AMQP it parks the message
 */
export function readEvent(event: CloudEvent, now: number): IncomingEvent {
  const requested = event.type === eventRequested.type;
  const due = event.timer !== undefined;
  return {
    tenant: event.tenant ?? defaultTenant,
    source: event.source,
    cloudEventId: event.id,
    deduplicated: !event.id.startsWith(givenIdPrefix),
    // A request's time is the gateway's, and the ids it answered with begin with it. The clock of a domain service is not
    // trusted with the order of inboxes: there the first sight counts. Of what is due the scheduler's clock, the database's, has said
    // that its time has come, even where ours is behind it.
    at: requested && event.time ? (due ? Date.parse(event.time) : Math.min(Date.parse(event.time), now)) : now,
    due,
    requested,
    request: requested ? readRequest(event.data) : readDomainEvent(event),
    subject: event.subject,
    time: event.time,
  };
}

function readRequest(data: unknown): EventRequest {
  const result = eventRequestSchema.safeParse(data);
  if (result.success) return result.data;
  throw Problem.unprocessable('invalid_event', 'The event request is not valid', prefixed(result.error.issues));
}

function readDomainEvent({ type, data }: CloudEvent): EventRequest {
  if (data !== undefined && data !== null && (typeof data !== 'object' || Array.isArray(data))) {
    throw Problem.unprocessable('invalid_event', 'The event is not valid', [
      { path: 'data', message: 'must be a JSON object' },
    ]);
  }
  const unstorable = findUnstorable(data);
  if (unstorable) {
    throw Problem.unprocessable('invalid_event', 'The event is not valid', [
      { path: pathOf(['data', ...unstorable.path]), message: unstorable.message },
    ]);
  }
  return { type, data: (data ?? {}) as Record<string, unknown> };
}

const recipientsSchema = z.array(recipientIdSchema).min(1).max(1000);

/**
 * The recipients that a domain event names itself: `data.recipients`, `data.recipient_id` or `subject`. Used where the catalog
 * has no `to`.
 *
 * @throws Problem 422 naming what is missing
 */
export function namedRecipients({ request, subject }: Pick<IncomingEvent, 'request' | 'subject'>): string[] {
  const { recipients: several, recipient_id: one } = request.data ?? {};
  const named = several ?? (one === undefined ? undefined : [one]);
  const recipients = named ?? (subject === undefined ? undefined : [subject]);
  if (recipients === undefined) {
    throw Problem.unprocessable('no_recipient', 'The event names no recipient', [
      {
        path: 'data.recipient_id',
        message:
          'is missing; set data.recipient_id, data.recipients or the CloudEvents subject, or say in the catalog with `to` where the recipients are',
      },
    ]);
  }
  const parsed = recipientsSchema.safeParse(recipients);
  if (parsed.success) return [...new Set(parsed.data)];
  throw Problem.unprocessable('invalid_event', 'The event is not valid', [
    {
      path: several === undefined ? 'data.recipient_id' : 'data.recipients',
      message: 'must be 1 to 1000 recipient ids',
    },
  ]);
}

function prefixed(issues: readonly z.core.$ZodIssue[]) {
  return fieldErrors(issues).map(({ path, message }) => ({ path: `data.${path}`, message }));
}
