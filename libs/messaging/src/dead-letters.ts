import { isUtf8 } from 'node:buffer';
import { cloudEventsJson, deadLetter, freshId, type DeadLetter } from '@carillon/contracts';
import type { ConsumeMessage } from 'amqplib';
import { decode } from './codec.ts';
import type { Names } from './names.ts';
import type { Publisher } from './publisher.ts';

export interface Parked {
  /** The queue whose consumer gave up. */
  stage: string;
  message: ConsumeMessage;
  /** The item's own JSON; of a message that is not even JSON, its text. Left out, the message is parked as it came. */
  body?: string;
  error: string;
  attempts: number;
}

/** Puts poison messages aside, each alone, with all that is needed to understand and replay it. */
export class DeadLetters {
  constructor(
    private readonly publisher: Publisher,
    private readonly names: Names,
    private readonly source: string,
  ) {}

  /** Resolves when the broker has confirmed the dead letter. */
  async park({ stage, message, body, error, attempts }: Parked): Promise<void> {
    // No PostgreSQL text can hold a NUL character.
    const text = body !== undefined && isUtf8(message.content) && !message.content.includes(0);
    const data: DeadLetter = {
      stage,
      error: error.replaceAll('\0', '\\0'),
      attempts,
      parked_at: new Date().toISOString(),
      exchange: message.fields.exchange,
      routing_key: message.fields.routingKey,
      properties: describeProperties(message.properties),
      body: text ? body : message.content.toString('base64'),
      body_encoding: text ? 'utf8' : 'base64',
    };
    const route = { exchange: this.names.exchange('dead'), routingKey: stage, mandatory: true, batch: 1 };
    await this.publisher.publish(route, {
      specversion: '1.0',
      id: freshId(),
      source: this.source,
      type: deadLetter.type,
      time: data.parked_at,
      data,
    });
  }
}

/** A letter about an item that was packed as it would have been about one that was not; all others as they are. */
export function unpackedLetter(letter: DeadLetter): DeadLetter {
  const { properties, body, body_encoding } = letter;
  if (properties.contentEncoding === undefined || body_encoding !== 'base64') return letter;
  const message = { content: Buffer.from(body, 'base64'), fields: {}, properties };
  const [item] = decode(message as unknown as ConsumeMessage, false);
  if (!item || !('event' in item) || !item.packed) return letter;
  const { contentEncoding: _, headers: __, ...others } = properties;
  try {
    const text = JSON.stringify(item.event);
    return { ...letter, properties: { ...others, contentType: cloudEventsJson }, body: text, body_encoding: 'utf8' };
  } catch {
    // Its bytes are no data: they are kept as they came.
    return letter;
  }
}

/** The properties that are set and that JSON can hold. */
export function describeProperties(properties: ConsumeMessage['properties']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined && !Buffer.isBuffer(value)),
  );
}
