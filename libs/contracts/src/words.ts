/**
 * The glossary as types. The same word is used in code, tables, metrics and documents.
 *
 * - tenant: an isolated customer; nothing crosses tenants
 * - recipient: a person in a tenant; contact: one address of a recipient on a channel
 * - event: something that happened; notification: one event for one recipient
 * - decision: why each channel of a notification was chosen or dropped, naming the rule
 * - delivery: one notification on one channel to one contact; attempt: one call to a provider for a delivery
 * - lane: separate queues by urgency, so that a password code never waits behind a broadcast
 */
import { z } from 'zod';

export const channels = ['in_app', 'email', 'sms', 'push', 'chat'] as const;
/** Where a notification can be delivered. */
export type Channel = (typeof channels)[number];

/** The channels that have a sender today; the others are refused at the edge rather than accepted and never sent. */
export const availableChannels = ['in_app', 'email', 'sms'] as const satisfies readonly Channel[];

export const priorities = ['low', 'normal', 'high', 'urgent'] as const;
/** How pressing a notification is; decides its lane. */
export type Priority = (typeof priorities)[number];

export const lanes = ['urgent', 'normal', 'bulk'] as const;
/** A separate set of queues by urgency. */
export type Lane = (typeof lanes)[number];

export const categories = ['account', 'security', 'billing', 'system', 'support', 'marketing', 'activity'] as const;

/** `urgent` and `high` travel in the urgent lane, `low` in bulk, everything else in normal. */
export function laneOf(priority: Priority): Lane {
  if (priority === 'urgent' || priority === 'high') return 'urgent';
  return priority === 'low' ? 'bulk' : 'normal';
}

/**
 * What goes to an audience is a lane slower: the urgent lane is for people who are waiting, and a broadcast may never stand before
 * a password code.
 */
export function audienceLaneOf(priority: Priority): Lane {
  return laneOf(priority) === 'urgent' ? 'normal' : 'bulk';
}

export const deliveryStates = [
  'queued',
  'sending',
  'sent',
  'delivered',
  'retrying',
  'failed',
  'suppressed',
  'expired',
  'cancelled',
  'uncertain',
] as const;
/** The life of a delivery; a terminal state never regresses. */
export type DeliveryState = (typeof deliveryStates)[number];

/** The tenant of an installation that has only one. */
export const defaultTenant = 'default';

export const tenantSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9, "-" and "_", starting with a letter or digit');

/** A recipient's id is the domain's own (a user id, a parent number), so it is only bounded, not shaped. */
export const recipientIdSchema = z
  .string()
  .min(1)
  .max(128)
  // A lone surrogate (Cs) is no character: it cannot be stored, and all of them would hash alike.
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must not contain control characters or broken characters');

/** Key of a catalog type (`invoice_issued`) or a domain event type (`invoice.issued`). */
export const eventTypeSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be 1 to 128 letters, digits, ".", "_" and "-"');

export const uuidSchema = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a UUID');

const firstTime = Date.parse('0001-01-01T00:00:00Z');
const lastTime = Date.parse('9999-12-31T23:59:59.999Z');
/** No zone of the world is further from UTC than 14 hours; PostgreSQL takes up to 15:59. */
const impossibleOffset = /[+-](?:1[5-9]|2\d):\d\d$/;

/** RFC 3339 timestamp with an offset, of a time that can be written the same way in UTC. */
export const timestampSchema = z.iso
  .datetime({
    offset: true,
    error: 'must be an RFC 3339 time with a zone, such as 2026-11-21T09:30:00Z',
  })
  .refine((text) => {
    const time = Date.parse(text);
    return !(time < firstTime || time > lastTime || impossibleOffset.test(text));
  }, 'must be in the years 1 to 9999, less than 15 hours from UTC');

/** An https, http or mailto link, or a path within the tenant's own site. Anything else could run script. */
export const linkSchema = z
  .string()
  .max(2048)
  .regex(/^[^\s\p{Cc}]*$/u, 'must not contain spaces or control characters')
  .regex(/^(https?:\/\/|mailto:|\/(?![/\\]))/i, 'must start with https://, http://, mailto: or a single /');

/** Free JSON object given by an integrator. */
export const jsonObjectSchema = z.record(z.string(), z.unknown());
