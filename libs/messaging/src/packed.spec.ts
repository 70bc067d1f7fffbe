import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  cloudEventsJson,
  deadLetter,
  notificationRouted,
  notificationSetApart,
  type CloudEvent,
  type DeadLetter,
  type NotificationRouted,
} from '@carillon/contracts';
import { testBroker, until, type TestBroker } from '@carillon/testing';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { ConsumeMessage } from 'amqplib';
import fc from 'fast-check';
import { ignoring } from '../testing/ignoring.ts';
import { runTransport } from '../testing/running-service.ts';
import { decode, encodePacked } from './codec.ts';
import { unpackedLetter } from './dead-letters.ts';
import { defaults } from './defaults.ts';
import { Poison } from './errors.ts';
import { Messages } from './messages.ts';
import { pack, packedOf, unpack, withFields } from './packed.ts';
import { replayRoute } from './replay.ts';

const large = { list: Array.from({ length: 4_000 }, (_, n) => ({ n, words: 'é "b" 😀' })) };
const event = (data: unknown): CloudEvent => ({ specversion: '1.0', id: '1', source: '/x', type: 't', data });
const message = ({ content, properties }: Pick<ConsumeMessage, 'content'> & { properties: object }) =>
  ({ content, properties, fields: {} }) as unknown as ConsumeMessage;

describe('packed data', () => {
  const filler = 'x'.repeat(defaults.largeBytes);
  const rest = fc
    .dictionary(
      fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__'),
      fc.jsonValue(),
    )
    .map((fields) => JSON.parse(JSON.stringify(fields)) as Record<string, unknown>);

  it('are what they were, after a journey as a message and to another process', () => {
    fc.assert(
      fc.property(rest, fc.jsonValue(), (fields, value) => {
        const bulk = JSON.parse(JSON.stringify([value, filler])) as unknown;
        const data = { ...fields, bulk };
        const packed = pack(data, 'bulk')!;
        const [item] = decode(message(encodePacked(event(data), packed)!), false);
        expect(item).toMatchObject({ packed: true, event: { id: '1', data } });
        const arrived = (item as { event: CloudEvent<object> }).event.data;
        expect(arrived).toEqual(data);
        expect(unpack(structuredClone(packedOf(arrived)!))).toEqual(data);
        expect(JSON.parse(JSON.stringify(arrived))).toEqual(data);
      }),
    );
  });

  it('keep what is asked for of them: other fields, without reading the bulk, which all copies read once', () => {
    const parse = jest.spyOn(JSON, 'parse');
    try {
      const data = unpack(pack({ a: 1, b: 2, bulk: large }, 'bulk')!) as { a: number; bulk: typeof large };
      const copy = withFields(withFields(data, { a: 3 }), { c: 4 });
      expect(packedOf(copy)!.rest).toEqual({ a: 3, b: 2, c: 4 });
      expect(packedOf(copy)!.bytes).toBe(packedOf(data)!.bytes);
      expect(parse).not.toHaveBeenCalled();
      expect(copy.bulk).toEqual(large);
      expect(data.bulk).toBe(copy.bulk);
      expect(parse).toHaveBeenCalledTimes(1);
      expect(copy).toEqual({ a: 3, b: 2, c: 4, bulk: large });
      expect(withFields(copy, { bulk: 5 })).toEqual({ a: 3, b: 2, c: 4, bulk: 5 });
    } finally {
      parse.mockRestore();
    }
  });

  it('are nothing for what is small, has no bulk, or is large elsewhere', () => {
    expect(pack({ bulk: 'x' }, 'bulk')).toBeUndefined();
    expect(pack({ other: filler }, 'bulk')).toBeUndefined();
    const longHead = { other: 'x'.repeat(defaults.headBytes), bulk: large };
    expect(encodePacked(event(longHead), pack(longHead, 'bulk')!)).toBeUndefined();
  });

  it('say that they cannot be unpacked when they are asked for, also when they would fill the memory', () => {
    const broken = unpack({ rest: {}, bulk: 'bulk', bytes: Buffer.from('no zstd') }) as { bulk: unknown };
    expect(() => broken.bulk).toThrow('"bulk" cannot be unpacked');
    const bomb = pack({ bulk: 'x'.repeat(defaults.unpackedBytes + 1) }, 'bulk')!;
    expect(bomb.bytes.length).toBeLessThan(10_000);
    expect(() => (unpack(bomb) as { bulk: unknown }).bulk).toThrow('"bulk" cannot be unpacked');
  });

  it('are not read at an open door, but for what the broker itself gave up', () => {
    const encoded = encodePacked(event({ bulk: large }), pack({ bulk: large }, 'bulk')!)!;
    expect(decode(message(encoded), true)).toMatchObject([{ invalid: 'the body is not UTF-8 text' }]);
    const headers = { ...encoded.properties.headers, 'x-death': [] };
    const given = message({ ...encoded, properties: { ...encoded.properties, headers } });
    expect(decode(given, true)).toMatchObject([{ event: { data: { bulk: large } } }]);
    const noJson = { ...encoded.properties, headers: { 'carillon-event': '{', 'carillon-bulk': 'bulk' } };
    expect(decode(message({ ...encoded, properties: noJson }), false)).toMatchObject([
      { invalid: expect.stringContaining('the header carillon-event is not JSON') },
    ]);
    const noEvent = { ...encoded.properties, headers: { 'carillon-event': '{"id":7}', 'carillon-bulk': 'bulk' } };
    expect(decode(message({ ...encoded, properties: noEvent }), false)).toEqual([{ invalid: 'not a CloudEvent 1.0' }]);
  });
});

describe('a large item on the street', () => {
  let broker: TestBroker;
  let sender: Messages;
  let parked: CloudEvent<DeadLetter>[];
  let service: { stop: () => Promise<unknown> } | undefined;

  beforeEach(async () => {
    broker = await testBroker();
    sender = new Messages({ url: broker.url, prefix: broker.prefix, service: 'preferences' });
    await sender.open();
    parked = (await broker.capture(deadLetter)) as CloudEvent<DeadLetter>[];
  });
  afterEach(async () => {
    await service?.stop();
    await sender.close();
    await broker.close();
  });

  const routed: NotificationRouted = { ...notificationRouted.example, data: large };
  const publish = () => sender.publish(notificationRouted, routed, { id: '1', tenant: 'school' });

  it('is passed on as it came, parked as it came, and replayed as the same event', async () => {
    const seen: CloudEvent<NotificationRouted>[] = [];
    const apart: CloudEvent<NotificationRouted>[] = [];
    @Controller()
    class RendererController {
      @EventPattern<string>(notificationRouted.type)
      async onRouted(@Payload() given: CloudEvent<NotificationRouted>): Promise<void> {
        seen.push(given);
        if (seen.length > 2) return;
        const one = withFields(given.data, { deliveries: given.data.deliveries.slice(1) });
        await sender.publish(notificationSetApart, one, { id: '2', tenant: 'school' });
        throw new Poison('not today');
      }
      @EventPattern<string>(notificationSetApart.type)
      async onSetApart(@Payload() given: CloudEvent<NotificationRouted>): Promise<void> {
        apart.push(given);
      }
    }
    const parse = jest.spyOn(JSON, 'parse');
    service = await runTransport(
      { url: broker.url, prefix: broker.prefix, service: 'template-renderer' },
      RendererController,
      ignoring('template-renderer', notificationRouted.type, notificationSetApart.type),
    );
    await publish();
    await until('it is parked and passed on', () => parked.length === 1 && apart.length === 1);
    const longest = Math.max(...parse.mock.calls.map(([text]) => text.length));
    parse.mockRestore();
    expect(longest).toBeLessThan(defaults.largeBytes);
    expect(seen[0]).toMatchObject({ id: '1', tenant: 'school', data: JSON.parse(JSON.stringify(routed)) });
    expect(apart[0]!.data).toEqual({ ...seen[0]!.data, deliveries: routed.deliveries.slice(1) });

    const { data: letter } = parked[0]!;
    expect(letter).toMatchObject({ error: 'not today', attempts: 1, body_encoding: 'base64' });
    const plain = unpackedLetter(letter);
    expect(plain).toMatchObject({ body_encoding: 'utf8', properties: { contentType: cloudEventsJson } });
    expect(plain.properties).not.toHaveProperty('headers');
    expect(JSON.parse(plain.body)).toEqual(seen[0]);
    expect(unpackedLetter(plain)).toBe(plain);

    for (const kept of [plain, letter]) {
      await sender.publisher.publishRaw(replayRoute(broker.names, kept), Buffer.from(kept.body, kept.body_encoding));
    }
    await until('it came again', () => seen.length === 3);
    expect(seen.map((one) => JSON.stringify(one.data.data))).toEqual(Array(3).fill(JSON.stringify(large)));
  });

  it('is parked when its bytes cannot be unpacked, and its letter is kept as it is', async () => {
    @Controller()
    class RendererController {
      @EventPattern<string>(notificationRouted.type)
      async onRouted(@Payload() given: CloudEvent<NotificationRouted>): Promise<void> {
        void given.data.data;
      }
    }
    service = await runTransport(
      { url: broker.url, prefix: broker.prefix, service: 'template-renderer' },
      RendererController,
      ignoring('template-renderer', notificationRouted.type),
    );
    const { data: _, ...rest } = routed;
    const bytes = Buffer.from('anything');
    const { content, properties } = encodePacked(event(routed), { rest, bulk: 'data', bytes })!;
    properties.headers['carillon-event'] = properties.headers['carillon-event']!.replace(
      '"t"',
      `"${notificationRouted.type}"`,
    );
    broker.publish('pipeline', 'routed.normal', content, properties);
    await until('it is parked', () => parked.length === 1);
    const { data: letter } = parked[0]!;
    expect(letter).toMatchObject({
      error: expect.stringContaining('"data" cannot be unpacked'),
      body: bytes.toString('base64'),
    });
    expect(unpackedLetter(letter)).toBe(letter);
  });
});
