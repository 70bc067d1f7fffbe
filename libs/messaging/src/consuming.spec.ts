import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  countUnread,
  deadLetter,
  deliveryOutcomes,
  domainEvent,
  smsRendered,
  type CloudEvent,
  type DeadLetter,
  type SmsRendered,
} from '@carillon/contracts';
import { cuttableProxy, testBroker, unique, until, type TestBroker } from '@carillon/testing';
import { connect, type Channel } from 'amqplib';
import { ignoring } from '../testing/ignoring.ts';
import { runTransport, type RunningTransport } from '../testing/running-service.ts';
import { AmqpContext } from './amqp-server.ts';
import { defaults } from './defaults.ts';
import { Poison } from './errors.ts';
import type { Dependency } from './gate.ts';
import { replayRoute } from './replay.ts';
import { currentTraceparent } from './trace.ts';

const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a consumer', () => {
  let broker: TestBroker;
  /** What the handler does with an item; each test sets its own. */
  let handle: (event: CloudEvent<any>, origin: AmqpContext['origin']) => unknown;
  let service: RunningTransport;
  let parked: CloudEvent<DeadLetter>[];
  const cleanups: (() => Promise<unknown>)[] = [];

  @Controller()
  class SmsController {
    @EventPattern<string>(smsRendered.type)
    on(@Payload() event: CloudEvent<SmsRendered>, @Ctx() { origin }: AmqpContext): unknown {
      return handle(event, origin);
    }
  }
  @Controller()
  class FrontDoorController {
    @EventPattern<string>(domainEvent.type)
    on(@Payload() event: CloudEvent, @Ctx() { origin }: AmqpContext): unknown {
      return handle(event, origin);
    }
  }

  const options = (name: string, url = broker.url) => ({ url, prefix: broker.prefix, service: name });
  const queue = () => broker.names.queues('sms-sender', smsRendered)[1]!.queue;
  const frontDoor = () => broker.names.queues('preferences', domainEvent)[0]!.queue;
  const dead = () => broker.names.queues('gateway', deadLetter)[0]!.queue;
  const item = (id: string, type: string = smsRendered.type) => ({
    specversion: '1.0',
    id,
    source: '/test',
    type,
    data: smsRendered.example,
  });
  const send = (...ids: string[]) =>
    broker.publish(
      'pipeline',
      'rendered.sms.normal',
      ids.map((id) => item(id)),
      { contentType: 'application/cloudevents-batch+json' },
    );
  const channelOfSms = () => (service.server as unknown as { consumers: { channel: Channel }[] }).consumers[1]!.channel;

  async function start(name: string, url?: string, dependencies: Dependency[] = []): Promise<void> {
    service = await runTransport(
      { ...options(name, url), dependencies, prefetch: 2 },
      name === 'sms-sender' ? SmsController : FrontDoorController,
      ignoring(name, smsRendered.type, domainEvent.type),
    );
    cleanups.push(service.stop);
  }

  beforeAll(async () => {
    broker = await testBroker();
  });

  beforeEach(async () => {
    parked = (await broker.capture(deadLetter)) as CloudEvent<DeadLetter>[];
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    for (const name of [queue(), frontDoor(), dead()]) await broker.channel.purgeQueue(name);
  });

  afterAll(() => broker.close());

  it('tells its handler where an item came from', async () => {
    const seen: unknown[] = [];
    handle = (_, origin) => seen.push(origin);
    await start('sms-sender');
    send('1');
    await until('the item arrived', () => seen.length === 1);
    expect(seen[0]).toMatchObject({
      queue: queue(),
      exchange: `${broker.prefix}.pipeline`,
      routingKey: 'rendered.sms.normal',
      redelivered: false,
    });
  });

  it('carries the trace from a message through its handler to the next message, and begins one where none came', async () => {
    const outcomes = await broker.capture(deliveryOutcomes.sent);
    const traces: Record<string, string | undefined> = {};
    handle = async ({ id }) => {
      traces[id] = currentTraceparent();
      await service.messages.publish(deliveryOutcomes.sent, deliveryOutcomes.sent.example, { id });
    };
    await start('sms-sender');
    broker.publish('pipeline', 'rendered.sms.normal', { ...item('traced'), traceparent: trace });
    broker.publish('pipeline', 'rendered.sms.normal', { ...item('malformed'), traceparent: 'yes' });
    send('untraced');
    await until('three messages went on', () => outcomes.length === 3);
    expect(traces.traced).toBe(trace);
    expect(traces.untraced).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(traces.malformed).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(Object.fromEntries(outcomes.map(({ id, traceparent }) => [id, traceparent]))).toEqual(traces);
  });

  it('loses a message that kills it again and again to the dead letters, at the broker’s hand', async () => {
    send('deadly');
    let deliveries = 0;
    const connection = await connect(broker.url);
    cleanups.push(() => connection.close());
    while ((await broker.depth(dead())) === 0) {
      const channel = await connection.createChannel();
      if (await channel.get(queue())) deliveries += 1;
      await channel.close(); // unacknowledged, as when a process dies
    }
    expect(deliveries).toBe(defaults.deliveryLimit + 1);
  });

  it('survives the deletion of its queue under a running handler, declares it again and goes on', async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const seen: string[] = [];
    handle = async ({ id }) => {
      seen.push(id);
      if (id === 'first') await held;
    };
    await start('sms-sender');
    send('first');
    await until('the handler runs', () => seen.length === 1);
    // The handler ends while the cancelled channel is closing: the one moment in which an acknowledgement is refused.
    channelOfSms().once('cancel', release);
    await broker.channel.deleteQueue(queue());
    await until('it says so', () => service.server.trouble() === `not consuming ${queue()}`);
    await until('it consumes again', () => service.server.trouble() === undefined);
    send('second');
    await until('the next item arrives', () => seen.includes('second'));
  });

  it('parks a message nested too deeply to be written down, and goes on', async () => {
    const seen: string[] = [];
    handle = ({ id, data }) => {
      if (id === 'deep') JSON.stringify(data);
      seen.push(id);
    };
    await start('preferences');
    const deep = `{"specversion":"1.0","id":"deep","source":"/t","type":"t","data":${'['.repeat(9_000)}${']'.repeat(9_000)}}`;
    const invalid = `[{"id":"no type","data":${'['.repeat(9_000)}${']'.repeat(9_000)}}]`;
    for (let count = 0; count < 3; count += 1) broker.publish('events', 't', deep);
    broker.publish('events', 't', invalid, { contentType: 'application/cloudevents-batch+json' });
    await until('all of them are parked', () => parked.length === 4);
    broker.publish('events', 't', item('shallow', 't'));
    await until('the next is handled', () => seen.includes('shallow'));
    expect(parked.filter(({ data }) => data.body === deep)).toHaveLength(3);
    await until('nothing is left', async () => (await broker.depth(frontDoor())) === 0);
  });

  it('parks an event so that a replay of body and properties means the same event again', async () => {
    handle = () => {
      throw new Poison('not now');
    };
    await start('preferences');
    broker.publish(
      'events',
      'order.paid',
      { amount: 5 },
      {
        contentType: 'application/json',
        headers: {
          'cloudEvents:specversion': '1.0',
          'cloudEvents:id': 'b1',
          'cloudEvents:source': '/s',
          'cloudEvents:type': 't',
        },
      },
    );
    await until('it is parked', () => parked.length === 1);
    const { body, properties } = parked[0]!.data;
    const replayed: CloudEvent[] = [];
    handle = (event) => replayed.push(event);
    broker.publish('events', 'order.paid', body, properties);
    await until('the replay arrived', () => replayed.length === 1);
    expect(replayed[0]).toEqual({ specversion: '1.0', id: 'b1', source: '/s', type: 't', data: { amount: 5 } });
  });

  it('replays what came through an exchange of a domain service as if it came from there, without troubling others', async () => {
    const { channel, names } = broker;
    const exchange = `shop_${unique()}`;
    await channel.assertExchange(exchange, 'topic', { durable: false, autoDelete: true });
    await channel.bindQueue(frontDoor(), exchange, 'order.*');
    const others = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(others.queue, exchange, '#');
    const seen: unknown[] = [];
    handle = (event, { exchange, routingKey, headers }) => {
      seen.push({ event, origin: { exchange, routingKey, headers } });
      throw new Poison('not now');
    };
    await start('preferences');
    channel.publish(exchange, 'order.paid', Buffer.from('{"amount":5}'), {
      messageId: '7',
      headers: { region: 'north' },
    });
    await until('it is parked', () => parked.length === 1);
    const { data: letter } = parked[0]!;
    await service.messages.publisher.publishRaw(replayRoute(names, letter), Buffer.from(letter.body));
    await until('it is parked again', () => parked.length === 2);
    expect(seen[0]).toMatchObject({
      event: { id: '7', source: `/${exchange}`, plain: true },
      origin: { exchange, routingKey: 'order.paid', headers: { region: 'north' } },
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(parked[1]!.data).toMatchObject({ exchange, routing_key: 'order.paid', body: letter.body });
    expect(await broker.depth(others.queue)).toBe(1);
  });

  it('parks text that a database cannot hold as base64', async () => {
    await start('preferences');
    broker.publish('events', 't', Buffer.from('{"a":\u0000}'));
    await until('it is parked', () => parked.length === 1);
    expect(parked[0]!.data).toMatchObject({
      body_encoding: 'base64',
      body: Buffer.from('{"a":\u0000}').toString('base64'),
    });
    expect(JSON.stringify(parked[0])).not.toContain('\\u0000');
  });

  it('waits at shutdown for the items that are at work even when others of their batch gave up', async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const finished: string[] = [];
    const begun: string[] = [];
    handle = async ({ id }) => {
      begun.push(id);
      if (id === 'waits') throw new Error('away');
      await held;
      finished.push(id);
    };
    await start('sms-sender', broker.url, [
      {
        name: 'PostgreSQL',
        isAway: (error) => error instanceof Error && error.message === 'away',
        ping: () => Promise.reject(new Error('away')),
      },
    ]);
    send('waits', 'works');
    await until('both have begun and the gate is closed', () => begun.length === 2 && service.server.trouble());
    const { reopened } = (service.server as unknown as { gate: { closed: { reopened: Promise<void> } } }).gate.closed;
    let stopped = false;
    const stopping = cleanups.pop()!().then(() => (stopped = true));
    await reopened; // from here on the waiting item gives up
    // A stop that did not wait would need a handful of round trips to the broker; give it many more.
    for (let roundTrip = 0; roundTrip < 40; roundTrip += 1) await broker.depth(queue());
    expect(stopped).toBe(false);
    release();
    await stopping;
    expect(finished).toEqual(['works']);
    await until('the message is back for another replica', async () => (await broker.depth(queue())) === 1);
  });

  it('starts before its broker and comes up when the broker does', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    proxy.cut();
    const seen: string[] = [];
    handle = ({ id }) => seen.push(id);
    const starting = start('sms-sender', proxy.url);
    send('early');
    await until('it lies in the queue', async () => (await broker.depth(queue())) === 1);
    proxy.restore();
    await starting;
    await until('it is handled', () => seen.includes('early'));
  });

  it('survives a connection that breaks in the middle of each setup', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    handle = () => undefined;
    await start('sms-sender', proxy.url);
    for (let round = 0; round < 12; round += 1) {
      proxy.cut();
      proxy.restore();
      await new Promise((resolve) => setTimeout(resolve, 90 + 20 * round));
    }
    await until('it consumes again', () => service.server.trouble() === undefined);
  });

  describe('refuses to start', () => {
    const rest = ignoring('sms-sender', smsRendered.type);
    class Nothing {}
    Controller()(Nothing);

    it('when a queue of the street has no handler', async () => {
      await expect(runTransport(options('sms-sender'), Nothing)).rejects.toThrow(
        'sms-sender has no handler for carillon.sms.rendered.v1',
      );
    });

    it('when a handler waits for something that nothing sends', async () => {
      await expect(runTransport(options('sms-sender'), SmsController, FrontDoorController, rest)).rejects.toThrow(
        'sms-sender handles domain.event, which nothing sends to it',
      );
    });

    it('when a question it promises to answer has no handler', async () => {
      await expect(
        runTransport({ ...options('sms-sender'), rpcs: [countUnread] }, SmsController, rest),
      ).rejects.toThrow('sms-sender has no handler for inbox.notifications.count_unread.v1');
    });

    it('when it handles a question that it did not announce', async () => {
      @Controller()
      class Counting {
        @MessagePattern(countUnread.name)
        count(): unknown {
          return { count: 1 };
        }
      }
      await expect(runTransport(options('sms-sender'), SmsController, Counting, rest)).rejects.toThrow(
        'sms-sender handles inbox.notifications.count_unread.v1, which nothing sends to it',
      );
    });

    it('when it answers questions although the street gives it no queue for them', async () => {
      await expect(runTransport({ ...options('silent'), rpcs: [countUnread] }, Nothing)).rejects.toThrow(
        'silent answers questions but is not among rpcServices in libs/contracts',
      );
    });
  });
});
