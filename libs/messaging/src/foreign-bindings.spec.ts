import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { domainEvent } from '@carillon/contracts';
import { cuttableProxy, testBroker, unique, type TestBroker } from '@carillon/testing';
import { BrokerUnavailable } from './errors.ts';
import { Messages } from './messages.ts';

describe('a queue of Carillon’s and an exchange of somebody else’s', () => {
  let broker: TestBroker;
  let messages: Messages;
  let exchange: string;
  let queue: string;

  beforeAll(() => Logger.overrideLogger(false));

  beforeEach(async () => {
    broker = await testBroker();
    messages = new Messages({ url: broker.url, prefix: broker.prefix, service: 'preferences' });
    await messages.open();
    queue = broker.names.queues('preferences', domainEvent)[0]!.queue;
    exchange = `studio_${unique()}`;
    await broker.channel.assertExchange(exchange, 'topic', { autoDelete: false });
  });

  afterEach(async () => {
    await broker.channel.deleteExchange(exchange);
    await messages.close();
    await broker.close();
  });

  /** How many of the published keys reach the queue. */
  async function arrivals(...keys: string[]): Promise<number> {
    const reached = keys.map((key) =>
      messages.publisher.publishRaw({ exchange, routingKey: key, mandatory: true, batch: 1 }, '{}'),
    );
    return (await Promise.allSettled(reached)).filter(({ status }) => status === 'fulfilled').length;
  }

  it('are bound and unbound by routing key, and asking again changes nothing', async () => {
    const wish = { queue, exchange, bind: ['lesson.*', 'member.#'], unbind: ['never.bound'] };
    for (let round = 0; round < 2; round += 1) {
      expect(await messages.bindForeign(wish)).toEqual([
        { routing_key: 'lesson.*', state: 'bound' },
        { routing_key: 'member.#', state: 'bound' },
        { routing_key: 'never.bound', state: 'unbound' },
      ]);
    }
    expect(await arrivals('lesson.moved', 'member.joined', 'room.booked')).toBe(2);
    await messages.bindForeign({ queue, exchange, bind: [], unbind: ['lesson.*'] });
    expect(await arrivals('lesson.moved', 'member.joined')).toBe(1);
  });

  it('are not bound while the exchange does not exist, and that is said; its bindings went with it', async () => {
    const missing = `${exchange}_missing`;
    expect(await messages.bindForeign({ queue, exchange: missing, bind: ['a', 'b'], unbind: ['c'] })).toEqual([
      { routing_key: 'a', state: 'missing', error: `NOT_FOUND - no exchange '${missing}' in vhost '/'` },
      { routing_key: 'b', state: 'missing', error: `NOT_FOUND - no exchange '${missing}' in vhost '/'` },
      { routing_key: 'c', state: 'unbound' },
    ]);
  });

  it('are not bound where the broker refuses it, and that is said', async () => {
    const [result] = await messages.bindForeign({ queue, exchange: '', bind: ['a'], unbind: [] });
    expect(result).toMatchObject({ state: 'refused', error: expect.stringContaining('ACCESS_REFUSED') });
  });

  it('are left alone while the broker is away', async () => {
    const proxy = await cuttableProxy(broker.url);
    const cut = new Messages({ url: proxy.url, prefix: broker.prefix, service: 'preferences' });
    await cut.open();
    proxy.cut();
    await expect(cut.bindForeign({ queue, exchange, bind: ['a'], unbind: [] })).rejects.toThrow(BrokerUnavailable);
    await cut.close();
    await proxy.close();
  });
});
