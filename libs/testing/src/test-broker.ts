import type { CloudEvent, EventContract, ExchangeName } from '@carillon/contracts';
import { declare, Names, streetTopology } from '@carillon/messaging';
import { connect, type Channel, type Options } from 'amqplib';
import { servers, unique } from './servers.ts';
import { stock } from './stock.ts';
import { keepStreet, removeStreet, takeStreet } from './street-stock.ts';

export interface TestBroker {
  url: string;
  /** AMQP names of this test start with it. */
  prefix: string;
  names: Names;
  channel: Channel;
  /** Publishes as any AMQP client would, confirmed by nothing but the next call. */
  publish(exchange: ExchangeName, routingKey: string, body: unknown, options?: Options.Publish): void;
  /** Collects every event that is published under a contract from now on. */
  capture<T>(contract: EventContract<T>): Promise<CloudEvent<T>[]>;
  /** How many messages lie in a queue, ready to be delivered. */
  depth(queue: string): Promise<number>;
  /** Disconnects, and leaves the exchanges and queues of this prefix to a test after it, which gets them empty. */
  close(): Promise<void>;
}

/** Exchanges and queues of its own on the real broker: new, or those that a test before it has left. */
export async function testBroker(): Promise<TestBroker> {
  const connection = await connect(servers.amqpUrl);
  const kept = await takeStreet(connection);
  const prefix = kept ?? `carillon.test_${unique()}`;
  const names = new Names(prefix);
  const topology = streetTopology(names);
  if (!kept) await declare(connection, topology);
  const channel = await connection.createChannel();
  return {
    url: servers.amqpUrl,
    prefix,
    names,
    channel,
    publish(exchange, routingKey, body, options) {
      const content = Buffer.isBuffer(body)
        ? body
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      channel.publish(names.exchange(exchange), routingKey, content, options);
    },
    async capture<T>(contract: EventContract<T>) {
      const events: CloudEvent<T>[] = [];
      const { queue } = await channel.assertQueue('', { exclusive: true });
      const keys = new Set(names.queues('capture', contract).map(({ key }) => key));
      for (const key of keys) await channel.bindQueue(queue, names.exchange(contract.exchange), key);
      await channel.consume(
        queue,
        (message) => {
          const json = JSON.parse(message!.content.toString()) as CloudEvent<T> | CloudEvent<T>[];
          events.push(...(Array.isArray(json) ? json : [json]));
        },
        { noAck: true },
      );
      return events;
    },
    depth: async (queue) => (await channel.checkQueue(queue)).messageCount,
    async close() {
      const folder = stock('streets');
      if (!folder) await removeStreet(connection, topology);
      // The queues of `capture` go with it.
      await connection.close();
      if (folder) await keepStreet(folder, prefix, topology);
    },
  };
}
