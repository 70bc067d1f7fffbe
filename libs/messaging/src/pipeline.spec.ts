import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  deadLetter,
  smsRendered,
  Problem,
  type CloudEvent,
  type DeadLetter,
  type SmsRendered,
} from '@carillon/contracts';
import { cuttableProxy, testBroker, until, type TestBroker } from '@carillon/testing';
import { ignoring } from '../testing/ignoring.ts';
import { runTransport } from '../testing/running-service.ts';
import type { Dependency } from './gate.ts';
import { Abandoned, Poison } from './errors.ts';
import { Messages } from './messages.ts';
import { replayRoute } from './replay.ts';

type Handler = (event: CloudEvent<SmsRendered>) => Promise<void>;

/** A service on the sms-sender's queues whose handler is the test's. */
async function serviceThat(
  handle: Handler,
  url: string,
  prefix: string,
  dependencies: Dependency[] = [],
  prefetch = 10,
) {
  @Controller()
  class SmsController {
    @EventPattern<string>(smsRendered.type)
    async onRendered(@Payload() event: CloudEvent<SmsRendered>): Promise<void> {
      await handle(event);
    }
  }
  return runTransport(
    { url, prefix, service: 'sms-sender', dependencies, prefetch },
    SmsController,
    ignoring('sms-sender', smsRendered.type),
  );
}

const sms = (text: string, lane: SmsRendered['lane'] = 'normal'): SmsRendered => ({
  ...smsRendered.example,
  text,
  lane,
});

describe('the transport', () => {
  let broker: TestBroker;
  let sender: Messages;
  let parked: CloudEvent<DeadLetter>[];
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    broker = await testBroker();
    sender = new Messages({ url: broker.url, prefix: broker.prefix, service: 'template-renderer' });
    await sender.open();
    parked = (await broker.capture(deadLetter)) as CloudEvent<DeadLetter>[];
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await sender.close();
    await broker.close();
  });

  async function start(handle: Handler, url = broker.url, dependencies: Dependency[] = [], prefetch?: number) {
    const service = await serviceThat(handle, url, broker.prefix, dependencies, prefetch);
    cleanups.push(service.stop);
    return service;
  }

  const queue = () => broker.names.queues('sms-sender', smsRendered)[1]!.queue;
  const publish = (text: string) => sender.publish(smsRendered, sms(text), { id: text, tenant: 'default' });

  it('brings items of one turn in one message and hands them over one by one, with tenant and trace', async () => {
    const seen: CloudEvent<SmsRendered>[] = [];
    await Promise.all(Array.from({ length: 450 }, (_, index) => publish(`t${index}`)));
    // 200 items a batch: three messages hold all 450 items.
    expect(await broker.depth(queue())).toBe(3);
    await start(async (event) => void seen.push(event));
    await until('all items arrived', () => seen.length === 450);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(450);
    expect(seen[0]).toMatchObject({
      specversion: '1.0',
      tenant: 'default',
      source: '/carillon/template-renderer',
      type: smsRendered.type,
    });
    await until('the messages are acknowledged', async () => (await broker.depth(queue())) === 0);
  });

  it('keeps lanes apart: an urgent item overtakes a stuck normal one', async () => {
    const seen: string[] = [];
    let release!: () => void;
    const stuck = new Promise<void>((resolve) => (release = resolve));
    await start(async (event) => {
      if (event.data.lane === 'normal') await stuck;
      seen.push(event.data.lane);
    });
    await publish('normal');
    await sender.publish(smsRendered, sms('now', 'urgent'), { id: 'u' });
    await until('the urgent item is done', () => seen.length === 1);
    expect(seen).toEqual(['urgent']);
    release();
    await until('both are done', () => seen.length === 2);
  });

  it('parks one poison item alone, with its error, stage and origin, while its batch goes on', async () => {
    const done: string[] = [];
    await start(async ({ data }) => {
      if (data.text === 'bad') throw new Poison('no such thing');
      done.push(data.text);
    });
    await Promise.all(['a', 'bad', 'b'].map(publish));
    await until('the item is parked', () => parked.length === 1);
    await until('the others are done', () => done.length === 2);
    expect(parked[0]!.data).toMatchObject({
      stage: queue(),
      error: 'no such thing',
      attempts: 1,
      exchange: `${broker.prefix}.pipeline`,
      routing_key: 'rendered.sms.normal',
    });
    expect(JSON.parse(parked[0]!.data.body).data.text).toBe('bad');
  });

  it('parks an item that came alone as it was written, however large it is, and replays the same event', async () => {
    const seen: unknown[] = [];
    await start(async (event) => {
      seen.push(event);
      throw new Poison('no such thing');
    });
    const event = `{"type": "${smsRendered.type}", "specversion": "1.0", "id": "1", "source": "/x", "data": {"n": 1.50, "text": "${'é\\"'.repeat(30_000)}"}}`;
    const batch = { contentType: 'application/cloudevents-batch+json' };
    broker.publish('pipeline', 'rendered.sms.normal', Buffer.from(`[${event}]`), batch);
    broker.publish('pipeline', 'rendered.sms.normal', Buffer.from(event), {
      contentType: 'application/cloudevents+json',
    });
    await until('both are parked', () => parked.length === 2);
    for (const { data } of parked.slice()) {
      expect(data.body === event).toBe(true);
      await sender.publisher.publishRaw(replayRoute(broker.names, data), Buffer.from(data.body, data.body_encoding));
    }
    await until('both are parked again', () => parked.length === 4);
    expect(parked.every(({ data }) => data.body === event)).toBe(true);
    expect(seen).toEqual(Array.from({ length: 4 }, () => JSON.parse(event)));
  });

  it('tries a failing item three times in place before it parks it, and never requeues', async () => {
    let tries = 0;
    await start(async () => {
      tries += 1;
      throw new Error(`broken ${tries}`);
    });
    await publish('x');
    await until('the item is parked', () => parked.length === 1);
    expect(tries).toBe(3);
    expect(parked[0]!.data).toMatchObject({ error: 'broken 3', attempts: 3 });
  });

  it('parks what an expected Problem refuses at once, naming the fields', async () => {
    await start(async () => {
      throw Problem.unprocessable('unknown_recipient', 'Unknown recipient', [
        { path: 'recipients[0]', message: 'create it first' },
      ]);
    });
    await publish('x');
    await until('the item is parked', () => parked.length === 1);
    expect(parked[0]!.data).toMatchObject({ attempts: 1, error: 'Unknown recipient: recipients[0]: create it first' });
  });

  it('parks a body that is not JSON, a batch that is no array and an item of the wrong type, each with its reason', async () => {
    const seen: string[] = [];
    await start(async ({ id }) => void seen.push(id));
    broker.publish('pipeline', 'rendered.sms.normal', '{"specversion":');
    broker.publish('pipeline', 'rendered.sms.normal', '{}', { contentType: 'application/cloudevents-batch+json' });
    broker.publish('pipeline', 'rendered.sms.normal', [{ specversion: '1.0', id: '1', source: '/x', type: 'other' }], {
      contentType: 'application/cloudevents-batch+json',
    });
    broker.publish('pipeline', 'rendered.sms.normal', Buffer.from([0xff, 0xfe, 0x00]));
    await until('all four are parked', () => parked.length === 4);
    const errors = parked.map(({ data }) => data.error).join('\n');
    expect(errors).toContain('the body is not JSON');
    expect(errors).toContain('a CloudEvents batch must be a JSON array');
    expect(errors).toContain(`this queue carries ${smsRendered.type}, not other`);
    expect(parked.some(({ data }) => data.body_encoding === 'base64' && data.body === '//4A')).toBe(true);
    expect(seen).toEqual([]);
  });

  it('waits while a dependency is away, and does not count those tries', async () => {
    let away = true;
    let tries = 0;
    const database: Dependency = {
      name: 'database',
      isAway: (error) => error instanceof Error && error.message === 'away',
      ping: async () => {
        if (away) throw new Error('still away');
      },
    };
    const service = await start(
      async () => {
        tries += 1;
        if (away) throw new Error('away');
      },
      broker.url,
      [database],
    );
    await Promise.all(Array.from({ length: 30 }, (_, index) => publish(`w${index}`)));
    await until('the consumers pause', () => service.server.trouble() === 'database is away, consumers are paused');
    const paused = tries;
    away = false;
    await until('every item is done', async () => tries === paused + 30 && (await broker.depth(queue())) === 0);
    expect(parked).toEqual([]);
    expect(service.server.trouble()).toBeUndefined();
  });

  it('reconnects after a cut, and every item is still handled', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    const seen = new Set<string>();
    let cut = false;
    const service = await start(async ({ id }) => {
      if (seen.size > 20 && !cut) {
        cut = true;
        proxy.cut();
        setTimeout(() => proxy.restore(), 300);
      }
      seen.add(id);
    }, proxy.url);
    for (let round = 0; round < 20; round += 1)
      await Promise.all(Array.from({ length: 5 }, (_, i) => publish(`r${round}-${i}`)));
    await until('all hundred were handled', () => seen.size === 100);
    await until('it consumes again', () => service.server.trouble() === undefined);
    await until('nothing is left', async () => (await broker.depth(queue())) === 0);
    expect(parked).toEqual([]);
  });

  it('publishes across a cut: what was not confirmed is sent again after the reconnect', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    const publisher = new Messages({ url: proxy.url, prefix: broker.prefix, service: 'template-renderer' });
    await publisher.open();
    cleanups.push(() => publisher.close());
    const seen = new Set<string>();
    await start(async ({ id }) => void seen.add(id));
    const first = Array.from({ length: 50 }, (_, i) => publisher.publish(smsRendered, sms('m'), { id: `a${i}` }));
    setImmediate(() => proxy.cut());
    const second = Array.from({ length: 50 }, (_, i) => publisher.publish(smsRendered, sms('m'), { id: `b${i}` }));
    await until('the cut is noticed', () => publisher.trouble());
    proxy.restore();
    await Promise.all([...first, ...second]);
    await until('all hundred arrived', () => seen.size === 100);
  });

  it('fails a publish after its time limit when the broker stays away', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    const publisher = new Messages({
      url: proxy.url,
      prefix: broker.prefix,
      service: 'template-renderer',
      confirmTimeoutMs: 400,
    });
    await publisher.open();
    cleanups.push(() => publisher.close());
    proxy.cut();
    await expect(publisher.publish(smsRendered, sms('m'), { id: 'x' })).rejects.toThrow(
      'did not confirm the message within 400 ms',
    );
  });

  it('says that nothing consumes a routing key instead of losing the message', async () => {
    await expect(
      sender.publishEvent('pipeline', 'nobody.listens', {
        specversion: '1.0',
        id: '1',
        source: '/t',
        type: 't',
        data: {},
      }),
    ).rejects.toThrow(`no queue is bound to exchange "${broker.prefix}.pipeline" for routing key "nobody.listens"`);
  });

  it('refuses what AMQP cannot carry without disturbing anything else', async () => {
    const event = { specversion: '1.0', id: '1', source: '/t', type: 't', data: {} } as const;
    await expect(sender.publishEvent('pipeline', 'k'.repeat(300), event)).rejects.toThrow();
    await expect(publish('still works')).resolves.toBeUndefined();
  });

  it('comes back after its channel is killed by a wrong acknowledgement', async () => {
    const seen: string[] = [];
    const service = await start(async ({ id }) => void seen.push(id));
    const consumer = (service.server as unknown as { consumers: { channel: { ack(m: unknown): void } }[] })
      .consumers[1]!;
    consumer.channel.ack({ fields: { deliveryTag: 4711 } }); // PRECONDITION_FAILED closes the channel
    await publish('after');
    await until('the item still arrives', () => seen.includes('after'));
  });

  it('drains on shutdown: the running handler finishes and is acknowledged, nothing new begins', async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const begun: string[] = [];
    const finished: string[] = [];
    const service = await serviceThat(
      async ({ id }) => {
        begun.push(id);
        await held;
        finished.push(id);
      },
      broker.url,
      broker.prefix,
      [],
      1,
    );
    await publish('one');
    await until('it has begun', () => begun.length === 1);
    await publish('two'); // prefetch 1: stays at the broker
    const stopped = service.stop();
    release();
    await stopped;
    expect(finished).toEqual(['one']);
    expect(begun).toEqual(['one']);
    await until('the second is back in its queue', async () => (await broker.depth(queue())) === 1);
  });

  it('hands back what a handler gives up for a shutdown', async () => {
    let begun = false;
    const service = await serviceThat(
      async () => {
        begun = true;
        throw new Abandoned();
      },
      broker.url,
      broker.prefix,
    );
    await publish('given up');
    await until('it was begun', () => begun);
    await service.stop();
    await until('it is back in its queue', async () => (await broker.depth(queue())) === 1);
    expect(parked).toEqual([]);
  });

  it('leaves unfinished items to others when it stops while a dependency is away', async () => {
    const database: Dependency = {
      name: 'database',
      isAway: () => true,
      ping: () => Promise.reject(new Error('away')),
    };
    let tries = 0;
    const service = await serviceThat(
      async () => {
        tries += 1;
        throw new Error('away');
      },
      broker.url,
      broker.prefix,
      [database],
    );
    await publish('kept');
    await until('it was tried', () => tries > 0);
    await service.stop();
    await until('it is back in its queue', async () => (await broker.depth(queue())) === 1);
    expect(parked).toEqual([]);
  });
});
