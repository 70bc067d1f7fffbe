/** Guards the contracts as a whole: whoever adds one is told what it still lacks. */
import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { cloudEventSchema } from './cloud-event.ts';
import { exchanges, type EventContract, type RpcContract } from './define.ts';
import * as contracts from './index.ts';
import { consumers, listeners, rpcServices } from './street.ts';
import { lanes } from './words.ts';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isEvent = (value: unknown): value is EventContract<unknown> =>
  isObject(value) && 'exchange' in value && 'key' in value;
const isRpc = (value: unknown): value is RpcContract<unknown, unknown> =>
  isObject(value) && 'request' in value && 'service' in value;

/** Contracts are exported alone, as a record of them (`deliveryOutcomes`), or both (`tenantRpcs`). */
const exported = [
  ...new Set(
    Object.values(contracts as Record<string, unknown>).flatMap((value) =>
      isObject(value) && !isEvent(value) && !isRpc(value) ? [value, ...Object.values(value)] : [value],
    ),
  ),
];
const events = exported.filter(isEvent);
const rpcs = exported.filter(isRpc);

/** What is wrong with an example; nothing when the schema takes it just as it stands. */
function mistakes(schema: z.ZodType, example: unknown): string {
  const result = schema.safeParse(example);
  return result.success ? '' : JSON.stringify(result.error.issues);
}

/** As it is after a journey over the wire. */
const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

it('finds all contracts', () => {
  expect(events.length).toBeGreaterThanOrEqual(14);
  expect(rpcs.length).toBeGreaterThanOrEqual(17);
});

describe.each(events.map((event) => [event.type, event] as const))('event %s', (_, event) => {
  it('has an example that its schema takes, before and after the wire', () => {
    expect(mistakes(event.schema, event.example)).toBe('');
    expect(overTheWire(event.schema.parse(overTheWire(event.example)))).toEqual(overTheWire(event.example));
  });

  it('has a versioned name of its own; only the front door speaks in others’ words', () => {
    const ofOthers = ['events', 'due'].includes(event.exchange) && (event.open || event.type === event.key);
    if (!ofOthers) expect(event.type).toMatch(/^carillon(\.[a-z_]+)+\.v[1-9]\d*$/);
    expect(events.filter(({ type }) => type === event.type)).toHaveLength(1);
  });

  it('says in a sentence what it means', () => {
    expect(event.summary).toMatch(/^[A-Z].+\.$/);
  });

  it('travels under a routing key that AMQP and topic bindings can carry', () => {
    expect(Object.keys(exchanges)).toContain(event.exchange);
    if (event.open) expect(event.key).toBe('#');
    else expect(event.key).toMatch(/^[a-z_]+(\.[a-z_]+)*$/);
    expect(Buffer.byteLength(`${event.key}.urgent`)).toBeLessThanOrEqual(255);
  });

  it('tells its lane in its data if it travels in lanes', () => {
    if (event.lanes) expect(lanes).toContain((event.example as { lane?: unknown }).lane);
  });

  it('makes a valid CloudEvent', () => {
    const cloudEvent = { specversion: '1.0', id: '1', source: '/test', type: event.type, data: event.example };
    expect(mistakes(cloudEventSchema, cloudEvent)).toBe('');
  });

  it('cannot be changed by whoever imports it', () => {
    expect(Object.isFrozen(event)).toBe(true);
  });
});

describe.each(rpcs.map((rpc) => [rpc.name, rpc] as const))('question %s', (_, rpc) => {
  const service = typeof rpc.service === 'string' ? rpc.service : rpc.service(rpc.example.request);

  it('has an example of the question and of the answer that its schemas take, before and after the wire', () => {
    expect(mistakes(rpc.request, overTheWire(rpc.example.request))).toBe('');
    expect(mistakes(rpc.response, overTheWire(rpc.example.response))).toBe('');
    expect(overTheWire(rpc.response.parse(rpc.example.response))).toEqual(overTheWire(rpc.example.response));
  });

  it('has a versioned name of its own', () => {
    expect(rpc.name).toMatch(/^[a-z_]+(\.[a-z_]+)+\.v[1-9]\d*$/);
    expect(rpcs.filter(({ name }) => name === rpc.name)).toHaveLength(1);
  });

  it('is asked of a service that answers questions', () => {
    expect(rpcServices).toContain(service);
  });

  it('names the tenant, so that no answer crosses tenants', () => {
    expect(rpc.example.request).toHaveProperty('tenant');
    const { tenant, ...rest } = rpc.example.request as { tenant: string };
    expect(rpc.request.safeParse({ ...rest }).success).toBe(tenant === undefined);
  });

  it('says in a sentence what it answers', () => {
    expect(rpc.summary).toMatch(/^[A-Z].+\.$/);
  });

  it('cannot be changed by whoever imports it', () => {
    expect(Object.isFrozen(rpc)).toBe(true);
  });
});

describe('the street', () => {
  const consumed = Object.values(consumers).flat();

  it('has a consumer for every event that must not be lost, and exactly one; only erasures and cancellations go to all who keep something', () => {
    const kept = events.filter(
      (event) =>
        exchanges[event.exchange].mandatory &&
        !event.open &&
        !event.announcement &&
        event !== contracts.recipientErased &&
        event !== contracts.eventCancelled,
    );
    for (const event of kept) {
      const services = Object.keys(consumers).filter((service) => consumers[service]!.includes(event));
      const throughTheFrontDoor = event.exchange === 'events';
      expect([event.type, services.length]).toEqual([event.type, throughTheFrontDoor ? 0 : 1]);
    }
    expect(consumed.filter((event) => event === contracts.recipientErased).length).toBeGreaterThan(1);
    expect(consumed).toContain(contracts.domainEvent);
    expect(consumed).toContain(contracts.deadLetter);
  });

  it('has a listener for every announcement, and lets nobody consume one or listen to anything else', () => {
    const heard = Object.values(listeners).flat();
    for (const event of events) {
      expect([event.type, heard.includes(event)]).toEqual([event.type, event.announcement ?? false]);
      if (event.announcement) expect(consumed).not.toContain(event);
      if (event.announcement) expect([event.lanes, event.open ?? false]).toEqual([false, false]);
    }
    for (const contract of heard) expect(events).toContain(contract);
  });

  it('consumes only what is exported as a contract', () => {
    for (const contract of consumed) expect(events).toContain(contract);
  });

  it('knows every service that answers questions', () => {
    for (const service of rpcServices) expect(Object.keys(consumers)).toContain(service);
  });

  it('gives no two services or contracts of one exchange the same routing key', () => {
    const keys = events.map(({ exchange, key }) => `${exchange} ${key}`);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
