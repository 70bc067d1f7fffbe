import { cloudEventsBatchJson, cloudEventsJson, type DeadLetter } from '@carillon/contracts';
import type { ConsumeMessage } from 'amqplib';
import type { Names } from './names.ts';
import type { Route } from './publisher.ts';

/** Headers of a message that goes straight to a queue: what it was published to before. */
const exchangeHeader = 'carillon-exchange';
const routingKeyHeader = 'carillon-routing-key';

/**
 * The way a dead letter goes again. What came through an exchange of Carillon's goes there again. What came through one of a
 * domain service must not, or everybody else who is bound to it would get it a second time: it goes straight to the queue that
 * gave it up, and says where it is from.
 */
export function replayRoute(
  names: Names,
  { stage, exchange, routing_key, properties }: Pick<DeadLetter, 'stage' | 'exchange' | 'routing_key' | 'properties'>,
): Route {
  const contentType = properties.contentType as string | undefined;
  const headers = properties.headers as Record<string, unknown> | undefined;
  const route = {
    mandatory: true,
    batch: 1,
    properties: {
      // An item was parked alone, out of its batch.
      contentType: contentType?.startsWith(cloudEventsBatchJson) ? cloudEventsJson : contentType,
      contentEncoding: properties.contentEncoding as string | undefined,
      headers,
      messageId: properties.messageId as string | undefined,
    },
  };
  if (names.isOwn(exchange)) return { ...route, exchange, routingKey: routing_key };
  const from = { [exchangeHeader]: exchange, [routingKeyHeader]: routing_key };
  return {
    ...route,
    exchange: '',
    routingKey: stage,
    properties: { ...route.properties, headers: { ...headers, ...from } },
  };
}

/** A message as it was first published, should it be a replayed one. */
export function asPublished(message: ConsumeMessage): ConsumeMessage {
  const { [exchangeHeader]: exchange, [routingKeyHeader]: routingKey, ...headers } = message.properties.headers ?? {};
  if (message.fields.exchange !== '' || typeof exchange !== 'string') return message;
  return {
    ...message,
    fields: { ...message.fields, exchange, routingKey: String(routingKey ?? '') },
    properties: { ...message.properties, headers },
  };
}
