import {
  cloudEventsBatchJson,
  cloudEventSchema,
  cloudEventsJson,
  consumers,
  domainEvent,
  eventRequested,
  exchanges,
  lanes,
  listeners,
  recipientDeleted,
  recipientUpserted,
  type CloudEvent,
  type EventContract,
} from '@carillon/contracts';
import { Names } from '@carillon/messaging';
import { JsonSchemas, type JsonSchema } from '../schemas/json-schemas.ts';

/** What integrators may publish. Carillon's own scheduler uses the same door for messages of its own. */
const frontDoor: readonly EventContract<any>[] = [eventRequested, recipientUpserted, recipientDeleted, domainEvent];

/** https://github.com/asyncapi/bindings/tree/master/amqp */
const bindingVersion = '0.3.0';

/**
 * What travels over RabbitMQ as AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0): what
 * integrators publish and may listen to first, then the internal pipeline, marked so. Operations are Carillon's: it
 * receives what you send.
 *
 * @param prefix of the installation's AMQP names
 * @param version of the messages
 */
export function asyncApi(contracts: readonly EventContract<unknown>[], prefix: string, version: string) {
  const schemas = new JsonSchemas('draft-7');
  const sorted = [...contracts].sort(byAudience);
  const channels: Record<string, object> = {};
  const operations: Record<string, object> = {};
  for (const contract of sorted) {
    const id = channelId(contract);
    channels[id] = channelOf(contract, prefix, schemas);
    for (const [name, operation] of operationsOf(contract))
      operations[name] = { ...operation, ...visibility(contract) };
  }

  return schemas.finish({
    asyncapi: '3.0.0',
    info: {
      title: 'Carillon events',
      version,
      description: introduction(prefix),
      license: { name: 'MIT' },
      tags: [
        { name: 'public', description: 'Stable: versioned, and changed only by additions.' },
        { name: 'internal', description: 'Between Carillon’s own services. Do not build on it.' },
      ],
    },
    defaultContentType: cloudEventsJson,
    servers: {
      rabbitmq: {
        host: '{host}:{port}',
        protocol: 'amqp',
        protocolVersion: '0.9.1',
        description: 'The RabbitMQ of the installation (`AMQP_URL`).',
        variables: { host: { default: 'localhost' }, port: { default: '5672' } },
      },
    },
    channels,
    operations,
    components: { schemas: {} as Record<string, JsonSchema> },
  });
}

function introduction(prefix: string): string {
  return `RabbitMQ is a front door of Carillon. Publish what happened to \`${prefix}.events\`, as a CloudEvent (structured or binary
content mode) or as plain JSON whose routing key is the type; bind a queue of your own to \`${prefix}.outcomes\` to
hear what became of it. A CloudEvent is recorded once per tenant, source and id, however often it is published.`;
}

/** What integrators publish and may listen to; everything else may change without notice. */
function isPublic(contract: EventContract<unknown>): boolean {
  return (contract.exchange === 'outcomes' && !contract.onDemand) || frontDoor.includes(contract);
}

/** What integrators publish, what they may listen to, then the rest; within each as the contracts come. */
function byAudience(one: EventContract<unknown>, other: EventContract<unknown>): number {
  const rank = (contract: EventContract<unknown>) =>
    frontDoor.includes(contract) ? 0 : isPublic(contract) ? 1 : 2 + Object.keys(exchanges).indexOf(contract.exchange);
  return rank(one) - rank(other);
}

function visibility(contract: EventContract<unknown>): object {
  return isPublic(contract) ? { tags: [{ name: 'public' }] } : { tags: [{ name: 'internal' }], 'x-internal': true };
}

/** `events.carillon.event.requested`, `pipeline.routed`; any key is called `any`. */
function channelId({ exchange, key }: EventContract<unknown>): string {
  return `${exchange}.${key === '#' ? 'any' : key}`;
}

function channelOf(contract: EventContract<unknown>, prefix: string, schemas: JsonSchemas): object {
  const { exchange, key, lanes: laned, perRecipient, summary } = contract;
  const anyKey = key === '#';
  return {
    address: anyKey ? '{routingKey}' : laned ? `${key}.{lane}` : perRecipient ? `${key}.{recipient}` : key,
    title: contract.type,
    summary,
    ...visibility(contract),
    ...(anyKey && {
      parameters: {
        routingKey: {
          description:
            exchange === 'events'
              ? 'The type of the event, such as `invoice.issued`; for plain JSON it is the type.'
              : 'Where the message was first published.',
        },
      },
    }),
    ...(laned && {
      parameters: { lane: { enum: [...lanes], description: 'By priority: urgent ones never wait behind bulk.' } },
    }),
    ...(perRecipient && {
      parameters: { recipient: { description: 'SHA-256 of tenant, a space and recipient, in base64url.' } },
    }),
    bindings: {
      amqp: {
        is: 'routingKey',
        exchange: {
          name: new Names(prefix).exchange(exchange),
          type: exchanges[exchange].kind,
          durable: true,
          autoDelete: false,
        },
        bindingVersion,
      },
    },
    messages: messagesOf(contract, schemas),
  };
}

function messagesOf(contract: EventContract<unknown>, schemas: JsonSchemas): Record<string, object> {
  const { exchange, open, type, summary } = contract;
  const event = eventSchema(contract, schemas);
  const example = exampleOf(contract);
  const structured = {
    name: type,
    title: summary,
    contentType: cloudEventsJson,
    payload: event,
    examples: [{ name: 'structured', payload: example }],
  };
  if (exchanges[exchange].batch > 1) {
    return {
      batch: {
        name: type,
        title: summary,
        summary: 'The items that were ready at the same moment, in one message.',
        contentType: cloudEventsBatchJson,
        payload: { type: 'array', minItems: 1, items: event },
        examples: [{ name: 'one', payload: [example] }],
      },
      // As schedulers of before published them.
      ...(exchange === 'due' && { event: structured }),
      ...(contract.bulk !== undefined && { packed: packedOf(contract) }),
    };
  }
  if (exchange !== 'events' || !open) return { event: structured };
  return {
    event: structured,
    plain: {
      name: `${type}.plain`,
      title: 'The same as plain JSON; its routing key is the type.',
      summary:
        'Without an id of its own the event cannot be deduplicated: set the AMQP property `message_id`. `app_id` becomes the source.',
      contentType: 'application/json',
      payload: schemas.of(contract.schema, 'input'),
      examples: [{ name: 'plain', payload: contract.example as object }],
    },
    binary: {
      name: `${type}.binary`,
      title: 'The same in CloudEvents’ binary content mode: attributes as headers, data as the body.',
      contentType: 'application/json',
      headers: {
        type: 'object',
        required: ['specversion', 'id', 'source', 'type'].map((name) => `cloudEvents:${name}`),
        properties: Object.fromEntries(
          ['specversion', 'id', 'source', 'type', 'time', 'subject', 'tenant', 'traceparent'].map((name) => [
            `cloudEvents:${name}`,
            { type: 'string' },
          ]),
        ),
      },
      payload: schemas.of(contract.schema, 'input'),
      examples: [{ name: 'binary', headers: binaryHeaders(example), payload: contract.example as object }],
    },
  };
}

/** An item whose bulk is large; `libs/messaging/src/codec.ts` writes and reads it. */
function packedOf(contract: EventContract<unknown>): object {
  const { type, bulk } = contract;
  const { data, ...event } = exampleOf(contract);
  const { [bulk!]: large, ...rest } = data as Record<string, unknown>;
  return {
    name: `${type}.packed`,
    title: `The same where \`${bulk}\` is large: its JSON, compressed.`,
    summary:
      'The content encoding is `zstd` (RFC 8878). All else of the event is beside it, so that it need not be read by who passes it on.',
    contentType: 'application/json',
    headers: {
      type: 'object',
      required: ['carillon-event', 'carillon-bulk'],
      properties: {
        'carillon-event': { type: 'string', description: `The event as JSON, its data without \`${bulk}\`.` },
        'carillon-bulk': { const: bulk },
      },
    },
    payload: { type: 'string', format: 'binary' },
    examples: [
      {
        name: 'packed',
        summary: 'Before it is compressed.',
        headers: { 'carillon-event': JSON.stringify({ ...event, data: rest }), 'carillon-bulk': bulk },
        payload: JSON.stringify(large),
      },
    ],
  };
}

/** The envelope with this contract's type and data. */
function eventSchema({ type, schema, open }: EventContract<unknown>, schemas: JsonSchemas): JsonSchema {
  return {
    allOf: [
      schemas.of(cloudEventSchema, 'input'),
      {
        type: 'object',
        required: ['data'],
        properties: { ...(!open && { type: { const: type } }), data: schemas.of(schema, 'input') },
      },
    ],
  };
}

function exampleOf({ type, example, exchange, open }: EventContract<unknown>): CloudEvent {
  return {
    specversion: '1.0',
    id: '019aa5e5-8f00-8a00-8000-000000000001',
    source: exchange === 'events' ? '/finance' : '/carillon',
    type: exchange === 'events' && open ? 'invoice.issued' : type,
    time: '2026-11-21T09:30:00.000Z',
    tenant: 'default',
    data: example,
  };
}

function binaryHeaders({ data: _, ...attributes }: CloudEvent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`cloudEvents:${name}`, value]));
}

/** Carillon receives what comes through the front door and what its services consume; it sends everything but that. */
function operationsOf(contract: EventContract<unknown>): [name: string, operation: object][] {
  const id = channelId(contract);
  const channel = { $ref: `#/channels/${id}` };
  const among = (who: Readonly<Record<string, readonly EventContract<unknown>[]>>) =>
    Object.keys(who).filter((service) => who[service]!.includes(contract));
  const readers = among(consumers);
  const hearers = among(listeners);
  const { summary, exchange } = contract;
  const operations: [string, object][] = [];
  if (exchange === 'events' || readers.length > 0 || hearers.length > 0)
    operations.push([
      `receive.${id}`,
      {
        action: 'receive',
        channel,
        summary,
        ...(readers.length > 0 && { description: `Read by ${readers.join(', ')}.` }),
        ...(hearers.length > 0 && { description: `Heard by every replica of ${hearers.join(', ')}.` }),
      },
    ]);
  // What is heard on demand is sent under the contracts that it is heard instead of.
  if (exchange !== 'events' && !contract.onDemand)
    operations.push([`send.${id}`, { action: 'send', channel, summary }]);
  return operations;
}
