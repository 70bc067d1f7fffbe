/**
 * Deterministic, time-ordered ids: UUIDv8 (RFC 9562, section 5.8) = the event's first recorded time in milliseconds
 * (48 bits) followed by a hash of what makes the row unique. A redelivery at any hop computes the same id, writes the
 * same row and sends nothing twice; ids sort by time.
 */
import { hash, randomUUID } from 'node:crypto';

/**
 * @param timeMs Unix time in milliseconds, 0 to 2^48-1
 * @param parts what makes the id unique; order matters, and no two different lists collide by concatenation
 * @throws RangeError when the time does not fit in 48 bits
 */
export function uuidv8(timeMs: number, ...parts: string[]): string {
  if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs >= 2 ** 48) {
    throw new RangeError(`time of an id must be whole milliseconds from 0 to 2^48-1, got ${timeMs}`);
  }
  const digest = hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''));
  const time = timeMs.toString(16).padStart(12, '0');
  const variant = ((parseInt(digest[3]!, 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-8${digest.slice(0, 3)}-${variant}${digest.slice(4, 7)}-${digest.slice(7, 19)}`;
}

/** The milliseconds that an id made by {@link uuidv8} begins with. */
export function timeOfId(id: string): number {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/**
 * The lowest of all ids that begin with a time; ids of that time or later are not below it. A time later than ids can have
 * (in the year 10889) is the last they can: a caller may ask for an id that nobody made.
 */
export function firstIdAt(timeMs: number): string {
  const time = Math.min(timeMs, 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}

/** The id of an event record: CloudEvents' own identity (tenant + source + id) at its first recorded time. */
export function eventId(firstTimeMs: number, tenant: string, source: string, cloudEventId: string): string {
  return uuidv8(firstTimeMs, 'event', tenant, source, cloudEventId);
}

/** One event for one recipient under one notification type. */
export function notificationId(ofEvent: string, type: string, recipient: string): string {
  return uuidv8(timeOfId(ofEvent), 'notification', ofEvent, type, recipient);
}

/** One notification on one channel to one contact. */
export function deliveryId(ofNotification: string, channel: string, contact: string): string {
  return uuidv8(timeOfId(ofNotification), 'delivery', ofNotification, channel, contact);
}

/** An id for something that has no natural identity: random, but still time-ordered. */
export function freshId(nowMs: number = Date.now()): string {
  return uuidv8(nowMs, randomUUID());
}
