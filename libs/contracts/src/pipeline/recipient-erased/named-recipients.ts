/**
 * Which recipients a stored message is about, wherever messages of the street name them: `data.recipients`,
 * `data.recipient_id`, `data.recipient` (an id, or somebody with one), each of `data.to` likewise, and the subject where nothing
 * else names anybody. A deferred notification also carries the request that it came from, with the others that it named.
 */
import { recipientIdSchema } from '../../words.ts';
import type { RecipientErased } from './index.ts';

/** A CloudEvent, or what can be read of one. */
export interface Named {
  subject?: unknown;
  data?: unknown;
}

type Members = Record<string, unknown>;

const members = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
/** What cannot be an id is nobody's. */
const ids = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((id): id is string => recipientIdSchema.safeParse(id).success);

/** Whom a member of a chunk is for. */
const addresseeOf = (member: unknown): unknown => {
  const { recipient } = members(member);
  return typeof recipient === 'string' ? recipient : members(recipient).id;
};

/** Whose message it is: one person, or several of a request. */
function addressees({ subject, data }: Named): { one: string[]; several: string[] } {
  const { recipient, recipient_id, recipients, to } = members(data);
  const one = [...ids(recipient_id), ...ids(recipient), ...ids(members(recipient).id)];
  const several = [...ids(recipients), ...(Array.isArray(to) ? ids(to.map(addresseeOf)) : [])];
  return { one: one.length + several.length > 0 ? one : ids(subject), several };
}

const alsoNamed = ({ data }: Named): string[] => ids(members(members(data).request).recipients);

/** Everyone whom the message names, each once. */
export function namedRecipients(message: Named): string[] {
  const { one, several } = addressees(message);
  return [...new Set([...one, ...several, ...alsoNamed(message)])];
}

/**
 * The message without a recipient.
 * @returns undefined when it is about nobody else; the same object when it does not name them
 */
export function withoutRecipient<T extends Named>(message: T, recipient: string): T | undefined {
  const { one, several } = addressees(message);
  const nobodyElse = several.length > 0 && several.every((id) => id === recipient);
  if (one.includes(recipient) || nobodyElse) return undefined;
  return keepRecipients(message, (id) => id !== recipient);
}

/**
 * What is left of a message after its tenant's erasures.
 *
 * @param atMs its time: what is younger than an erasure is about somebody who was created anew
 * @returns undefined when nothing is left; the same object when it is not concerned
 */
export function withoutErased<T extends Named>(
  message: T,
  atMs: number,
  erasures: readonly RecipientErased[],
): T | undefined {
  return erasures
    .filter(({ erased_at }) => atMs <= Date.parse(erased_at))
    .reduce<T | undefined>((left, { recipient }) => left && withoutRecipient(left, recipient), message);
}

/** The message as it may be shown to one recipient: who else is named in it is not theirs to know. */
export function onlyRecipient<T extends Named>(message: T, recipient: string): T {
  return keepRecipients(message, (id) => id === recipient);
}

function keepRecipients<T extends Named>(message: T, keep: (id: string) => boolean): T {
  if (namedRecipients(message).every(keep)) return message;
  const kept = (id: unknown) => typeof id !== 'string' || keep(id);
  const filtered = (holder: Members): Members => ({
    ...holder,
    ...(Array.isArray(holder.recipients) && { recipients: holder.recipients.filter(kept) }),
    ...(Array.isArray(holder.to) && { to: holder.to.filter((member) => kept(addresseeOf(member))) }),
  });
  const data = filtered(members(message.data));
  return { ...message, data: 'request' in data ? { ...data, request: filtered(members(data.request)) } : data };
}
