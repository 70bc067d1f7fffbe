/**
 * Which recipients a stored message is about, wherever messages of the street name them: `data.recipients`,
 * `data.recipient_id`, `data.recipient` (an id, or somebody with one), and the subject where nothing else names anybody. A
 * deferred notification also carries the request that it came from, with the others that it named.
 */

/** A CloudEvent, or what can be read of one. */
export interface Named {
  subject?: unknown;
  data?: unknown;
}

type Members = Record<string, unknown>;

const members = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
const strings = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.filter((member) => typeof member === 'string')
    : typeof value === 'string'
      ? [value]
      : [];

/** Whose message it is: one person, or several of a request. */
function addressees({ subject, data }: Named): { one: string[]; several: string[] } {
  const { recipient, recipient_id, recipients } = members(data);
  const one = [...strings(recipient_id), ...strings(recipient), ...strings(members(recipient).id)];
  const several = strings(recipients);
  return { one: one.length + several.length > 0 ? one : strings(subject), several };
}

const alsoNamed = ({ data }: Named): string[] => strings(members(members(data).request).recipients);

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

/** The message as it may be shown to one recipient: who else is named in it is not theirs to know. */
export function onlyRecipient<T extends Named>(message: T, recipient: string): T {
  return keepRecipients(message, (id) => id === recipient);
}

function keepRecipients<T extends Named>(message: T, keep: (id: string) => boolean): T {
  if (namedRecipients(message).every(keep)) return message;
  const filtered = (holder: Members): Members =>
    Array.isArray(holder.recipients)
      ? { ...holder, recipients: holder.recipients.filter((id) => typeof id !== 'string' || keep(id)) }
      : holder;
  const data = filtered(members(message.data));
  return { ...message, data: 'request' in data ? { ...data, request: filtered(members(data.request)) } : data };
}
