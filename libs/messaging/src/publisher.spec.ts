import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { CloudEvent } from '@carillon/contracts';
import { cuttableProxy, servers, unique, until } from '@carillon/testing';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { Connection } from './connection.ts';
import { defaults } from './defaults.ts';
import { Publisher, type Route } from './publisher.ts';

describe('a publisher', () => {
  let connection: ChannelModel;
  let channel: Channel;
  let queue: string;
  const cleanups: (() => Promise<unknown>)[] = [];

  const to = (routingKey: string, changes: Partial<Route> = {}): Route => ({
    exchange: '',
    routingKey,
    mandatory: true,
    batch: 200,
    ...changes,
  });
  const event = (id: string, data: unknown = {}): CloudEvent => ({
    specversion: '1.0',
    id,
    source: '/test',
    type: 'test',
    data,
  });

  /** A publisher on a connection of its own. */
  async function publisherOn(url = servers.amqpUrl, options?: ConstructorParameters<typeof Publisher>[0]) {
    const publisher = new Publisher(options);
    const own = new Connection(url, `test ${unique()}`, (model) => publisher.attach(model));
    await own.open();
    cleanups.push(async () => {
      await publisher.close();
      await own.close();
    });
    return { publisher, connection: own };
  }

  /** Every message of the queue, as long as it lasts. */
  async function messages(): Promise<{ ids: string[]; bytes: number; properties: Record<string, unknown> }[]> {
    const all = [];
    for (let got = await channel.get(queue, { noAck: true }); got; got = await channel.get(queue, { noAck: true })) {
      const json = JSON.parse(got.content.toString()) as CloudEvent | CloudEvent[];
      all.push({
        ids: [json].flat().map(({ id }) => id),
        bytes: got.content.length,
        properties: got.properties as unknown as Record<string, unknown>,
      });
    }
    return all;
  }

  beforeAll(async () => {
    Logger.overrideLogger(false);
    connection = await connect(servers.amqpUrl);
  });

  beforeEach(async () => {
    channel = await connection.createChannel();
    queue = `carillon.test_${unique()}.publisher`;
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await channel.deleteQueue(queue);
    await channel.close();
  });

  afterAll(() => connection.close());

  it('writes persistent messages; what is published in one turn for one route shares one, in order', async () => {
    const { publisher } = await publisherOn();
    await Promise.all(['a', 'b', 'c'].map((id) => publisher.publish(to(queue), event(id))));
    await publisher.publish(to(queue, { batch: 1 }), event('alone'));
    const [batch, alone, ...rest] = await messages();
    expect(rest).toEqual([]);
    expect(batch).toMatchObject({
      ids: ['a', 'b', 'c'],
      properties: { deliveryMode: 2, contentType: 'application/cloudevents-batch+json' },
    });
    expect(alone).toMatchObject({
      ids: ['alone'],
      properties: { deliveryMode: 2, contentType: 'application/cloudevents+json' },
    });
  });

  it('closes a batch at 200 items', async () => {
    const { publisher } = await publisherOn();
    const ids = Array.from({ length: 450 }, (_, index) => `i${index}`);
    await Promise.all(ids.map((id) => publisher.publish(to(queue), event(id))));
    const batches = await messages();
    expect(batches.map((batch) => batch.ids.length)).toEqual([200, 200, 50]);
    expect(batches.flatMap((batch) => batch.ids)).toEqual(ids);
  });

  it('closes a batch before it outgrows 256 KiB, counted in bytes and not in characters', async () => {
    const { publisher } = await publisherOn();
    const text = 'é'.repeat(15_000); // 30 kB in UTF-8
    await Promise.all(Array.from({ length: 10 }, (_, index) => publisher.publish(to(queue), event(`i${index}`, text))));
    const batches = await messages();
    expect(batches.flatMap(({ ids }) => ids)).toHaveLength(10);
    for (const { bytes } of batches) expect(bytes).toBeLessThanOrEqual(defaults.batchBytes + 1_000);
    expect(batches.map(({ ids }) => ids.length)).toEqual([8, 2]);
  });

  it('sends a large item in a message of its own, in its turn', async () => {
    const { publisher } = await publisherOn();
    await Promise.all([
      publisher.publish(to(queue), event('small')),
      publisher.publish(to(queue), event('large', 'x'.repeat(defaults.largeBytes))),
      publisher.publish(to(queue), event('small too')),
    ]);
    expect((await messages()).map(({ ids }) => ids)).toEqual([['small'], ['large'], ['small too']]);
  });

  it('says which exchange and key no queue is bound to; without `mandatory` nobody has to listen', async () => {
    const { publisher } = await publisherOn();
    const nowhere = `${queue}.nowhere`;
    const [lost, fine, optional] = await Promise.allSettled([
      publisher.publish(to(nowhere), event('1')),
      publisher.publish(to(queue), event('2')),
      publisher.publish(to(nowhere, { batch: 1, mandatory: false }), event('3')),
    ]);
    expect(lost).toMatchObject({ reason: { name: 'Unroutable', message: expect.stringContaining(nowhere) } });
    expect(fine.status).toBe('fulfilled');
    expect(optional.status).toBe('fulfilled');
  });

  it('fails when the broker refuses the message, as a full queue does', async () => {
    const full = `${queue}.full`;
    const limits = { 'x-queue-type': 'classic', 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    await channel.assertQueue(full, { durable: true, arguments: limits });
    cleanups.push(() => channel.deleteQueue(full));
    const { publisher } = await publisherOn();
    await publisher.publish(to(full), event('1'));
    await expect(publisher.publish(to(full), event('2'))).rejects.toMatchObject({
      name: 'BrokerUnavailable',
      message: 'RabbitMQ refused the message (queue full or node failing)',
    });
  });

  it('fails the one message that makes the broker close the channel, quickly and alone', async () => {
    const { publisher } = await publisherOn();
    const missing = to('key', { exchange: `${queue}.no_such_exchange`, batch: 1 });
    const started = performance.now();
    const good = (name: string) =>
      Array.from({ length: 20 }, (_, index) => publisher.publish(to(queue, { batch: 1 }), event(name + index)));
    const before = good('before');
    const bad = publisher.publish(missing, event('bad'));
    const after = good('after');
    await expect(bad).rejects.toThrow(/RabbitMQ refuses the message: .*no exchange/);
    await Promise.all([...before, ...after]);
    expect(performance.now() - started).toBeLessThan(5_000);
    const arrived = new Set((await messages()).flatMap(({ ids }) => ids));
    expect(arrived.size).toBe(40);
    await publisher.publish(to(queue), event('later'));
  });

  it('takes nothing more in beyond its limit of waiting items, and tells so at once', async () => {
    const proxy = await cuttableProxy(servers.amqpUrl);
    cleanups.push(() => proxy.close());
    const { publisher, connection: own } = await publisherOn(proxy.url, { confirmTimeoutMs: 500, maxWaiting: 100 });
    proxy.cut();
    await until('the cut is noticed', () => own.trouble());
    const waiting = Array.from({ length: 100 }, (_, index) => publisher.publish(to(queue), event(`w${index}`)));
    await expect(publisher.publish(to(queue), event('one too many'))).rejects.toThrow(
      '100 items already wait for RabbitMQ; nothing more is taken in',
    );
    const ends = await Promise.allSettled(waiting);
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
    proxy.restore();
    await until('it is connected again', () => own.trouble() === undefined);
    await publisher.publish(to(queue), event('room again'));
  });

  it('bounds the bytes that wait in memory too, but lets a single large item through', async () => {
    const { publisher } = await publisherOn(servers.amqpUrl, { confirmTimeoutMs: 5_000, maxWaitingBytes: 10_000 });
    const large = publisher.publish(to(queue), event('large', 'x'.repeat(20_000)));
    await expect(publisher.publish(to(queue), event('next'))).rejects.toMatchObject({ name: 'BrokerUnavailable' });
    await large;
    await publisher.publish(to(queue), event('next'));
  });

  it('sends what is on its way before it closes, and refuses what comes afterwards', async () => {
    const { publisher } = await publisherOn();
    const sent = Array.from({ length: 300 }, (_, index) => publisher.publish(to(queue), event(`i${index}`)));
    await publisher.close();
    await Promise.all(sent);
    expect((await messages()).flatMap(({ ids }) => ids)).toHaveLength(300);
    await expect(publisher.publish(to(queue), event('late'))).rejects.toThrow('publishes nothing more');
  });
});
