/**
 * CloudEvents over AMQP (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/amqp-protocol-binding.md):
 * structured, batched and binary content modes are read; structured and batched ones are written. Between services, an item with
 * large data is packed (`packed.ts`). At an open door plain JSON is read too: its routing key is the type.
 */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import {
  cloudEventsBatchJson,
  cloudEventSchema,
  cloudEventsJson,
  fieldErrors,
  type CloudEvent,
} from '@carillon/contracts';
import type { ConsumeMessage } from 'amqplib';
import { defaults } from './defaults.ts';
import { unpack, type Packed } from './packed.ts';

/**
 * One message item: an event, with its JSON as it came where the message has it as it stands, or packed, where it stands in no text;
 * or why it is none.
 */
export type Decoded = { event: CloudEvent; json?: string; packed?: true } | { invalid: string; body?: string };

/** RFC 8878: as the content encoding of a message, it says that its item is packed. */
const packedEncoding = 'zstd';
/** Headers of a packed item: its event but for the bulk of its data, as JSON; the name of the bulk, which is the body. */
const headHeader = 'carillon-event';
const bulkHeader = 'carillon-bulk';

/** Source of events that came without one (plain JSON) through an exchange of Carillon's. */
export const plainSource = '/amqp';
/** Prefix of ids that Carillon gave because the publisher did not: such events cannot be deduplicated. */
export const givenIdPrefix = 'undeduplicated-';

/**
 * Reads every item of a message. Never throws: what is malformed comes back as `invalid`, naming the mistake.
 *
 * @param own the exchange of Carillon's that fills the queue; what comes through another one is a domain service's
 */
export function decode(message: ConsumeMessage, open: boolean, own?: string): Decoded[] {
  // What the broker itself gave up is at the door of the dead letters as it was.
  if (isPacked(message) && (!open || 'x-death' in message.properties.headers!)) return [readPacked(message)];
  const body = message.content.toString('utf8');
  const given: unknown = message.properties.contentType;
  const contentType = typeof given === 'string' ? given.toLowerCase() : '';
  // The content type decides the mode; only where it does not speak of CloudEvents can attributes be in the headers.
  const binary = contentType.startsWith('application/cloudevents')
    ? undefined
    : binaryAttributes(message.properties.headers ?? {});
  // Read anyway, broken characters would be replaced without a word.
  if (!isUtf8(message.content)) return [{ invalid: 'the body is not UTF-8 text', body }];
  let json: unknown;
  try {
    json = message.content.length === 0 && binary ? undefined : JSON.parse(body);
  } catch (error) {
    return [{ invalid: `the body is not JSON: ${withoutQuote((error as Error).message)}`, body }];
  }
  if (contentType.startsWith(cloudEventsBatchJson)) {
    if (!Array.isArray(json)) return [{ invalid: 'a CloudEvents batch must be a JSON array', body }];
    const only = json.length === 1 ? body.slice(body.indexOf('[') + 1, body.lastIndexOf(']')) : undefined;
    return json.map((item) => validated(item, () => only ?? jsonOf(item, message), open, only));
  }
  if (binary) return [validated({ ...binary, data: json }, () => body, open)];
  if (contentType.startsWith(cloudEventsJson) || !open || looksLikeCloudEvent(json))
    return [validated(json, () => body, open, body)];
  return [validated(plain(json, message, own), () => body, open)];
}

function isPacked({ properties: { contentEncoding, headers } }: ConsumeMessage): boolean {
  return contentEncoding === packedEncoding && typeof headers?.[headHeader] === 'string';
}

function readPacked({ content: bytes, properties }: ConsumeMessage): Decoded {
  const { [headHeader]: head, [bulkHeader]: bulk } = properties.headers as Record<string, string>;
  try {
    const event = JSON.parse(head!) as CloudEvent<Packed['rest']>;
    const data = unpack({ rest: event.data, bulk: String(bulk), bytes });
    const decoded = validated({ ...event, data }, () => undefined, false);
    return 'event' in decoded ? { event: decoded.event, packed: true } : decoded;
  } catch (error) {
    return { invalid: `the header ${headHeader} is not JSON: ${withoutQuote((error as Error).message)}` };
  }
}

/**
 * An event whose data are packed as an AMQP message.
 *
 * @returns undefined where its headers would be too long
 */
export function encodePacked(event: CloudEvent, { rest, bulk, bytes }: Packed): EncodedPacked | undefined {
  const head = JSON.stringify({ ...event, data: rest });
  if (Buffer.byteLength(head) > defaults.headBytes) return undefined;
  const headers = { [headHeader]: head, [bulkHeader]: bulk };
  return {
    content: Buffer.from(bytes),
    properties: { contentType: 'application/json', contentEncoding: packedEncoding, headers },
  };
}

export interface EncodedPacked {
  content: Buffer;
  properties: { contentType: string; contentEncoding: string; headers: Record<string, string> };
}

/** V8 quotes what stands around the mistake; the reason is logged, and the body may tell of people. */
function withoutQuote(mistake: string): string {
  return mistake.replace(/,? ?(\.{3})?".*$/s, '') || 'something else';
}

export function encodeBatch(items: readonly string[]): Buffer {
  return Buffer.from(`[${items.join(',')}]`);
}

/** An item as JSON. Nested deeper than V8 can write (some thousand levels), it is the whole message as it came. */
export function jsonOf(item: unknown, message: ConsumeMessage): string {
  try {
    return JSON.stringify(item);
  } catch {
    return message.content.toString('utf8');
  }
}

/**
 * Internal queues only carry what Carillon wrote, so there the cheap check is enough; open doors get the whole schema, which may
 * leave something out.
 */
function validated(item: unknown, body: () => string | undefined, open: boolean, json?: string): Decoded {
  if (!open) {
    const event = item as CloudEvent | null;
    return typeof event === 'object' && event?.specversion === '1.0' && typeof event.id === 'string'
      ? { event, json }
      : { invalid: 'not a CloudEvent 1.0', body: body() };
  }
  const result = cloudEventSchema.safeParse(item);
  if (result.success) return { event: result.data as CloudEvent };
  const mistakes = fieldErrors(result.error.issues).map(({ path, message }) => `${path} ${message}`);
  return { invalid: `not a valid CloudEvent 1.0: ${mistakes.join('; ')}`, body: body() };
}

function looksLikeCloudEvent(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'specversion' in json;
}

/** Attributes of the binary mode: headers `cloudEvents:id` or, as some libraries write, `cloudEvents_id`. */
function binaryAttributes(headers: Record<string, unknown>): Record<string, unknown> | undefined {
  const attributes: Record<string, unknown> = {};
  for (const [header, value] of Object.entries(headers)) {
    const match = /^cloudEvents[:_](.+)$/i.exec(header);
    if (match) attributes[match[1]!.toLowerCase()] = value;
  }
  return 'specversion' in attributes ? attributes : undefined;
}

/**
 * Two domain services may give the same `message_id` to different things, so the source of a foreign message names the
 * exchange it came through. It is marked: what it means is for the catalog to say, now or when it is replayed.
 */
function plain(data: unknown, { fields, properties }: ConsumeMessage, own: string | undefined): unknown {
  const { appId } = properties as { appId?: string };
  const foreign = own !== undefined && fields.exchange !== own && fields.exchange !== '';
  return {
    specversion: '1.0',
    id: properties.messageId || givenIdPrefix + randomUUID(),
    source: foreign
      ? ['', fields.exchange, ...(appId ? [appId] : [])].map(encodeURIComponent).join('/')
      : appId
        ? `/${appId}`
        : plainSource,
    // A fanout exchange needs no routing key.
    type: fields.routingKey || (foreign ? fields.exchange : ''),
    ...(foreign && { plain: true }),
    data,
  };
}
