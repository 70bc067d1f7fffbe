import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { servers, until } from '@carillon/testing';
import type { ChannelModel } from 'amqplib';
import { register } from 'prom-client';
import { Connection } from './connection.ts';
import { defaults } from './defaults.ts';

/** A broker's frame `connection.blocked` (class 10, method 60) or `connection.unblocked` (61), AMQP 0-9-1 on channel 0. */
function alarm(reason?: string): Buffer {
  const method = Buffer.from([0, 10, 0, reason === undefined ? 61 : 60]);
  const text = reason === undefined ? Buffer.alloc(0) : Buffer.from([reason.length, ...Buffer.from(reason)]);
  const payload = Buffer.concat([method, text]);
  const head = Buffer.from([1, 0, 0, 0, 0, 0, payload.length]);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

describe('a connection', () => {
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeAll(() => Logger.overrideLogger(false));

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  /** A way to the real broker on which the test can speak for the broker, or let everything fall silent. */
  async function tap(): Promise<{ url: string; inject(frame: Buffer): void; silence(): void }> {
    const clients = new Set<Socket>();
    const upstreams = new Set<Socket>();
    const { hostname, port } = new URL(servers.amqpUrl);
    const server = createServer((client) => {
      const upstream = connectTcp(Number(port || 5672), hostname);
      clients.add(client);
      upstreams.add(upstream);
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.pipe(upstream);
      upstream.pipe(client);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      for (const socket of [...clients, ...upstreams]) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    const url = new URL(servers.amqpUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as { port: number }).port);
    return {
      url: url.toString(),
      inject: (frame) => [...clients].at(-1)!.write(frame),
      silence: () => {
        for (const upstream of upstreams) upstream.unpipe();
        for (const client of clients) client.unpipe();
      },
    };
  }

  async function open(
    url: string,
    name: string,
    setup: (model: ChannelModel) => Promise<void> = async () => undefined,
  ) {
    const connection = new Connection(url, name, setup);
    cleanups.push(() => connection.close());
    await connection.open();
    return connection;
  }

  const gauge = async (name: string, connection: string) =>
    (await register.getSingleMetric(name)!.get()).values.find(({ labels }) => labels.connection === connection)?.value;

  it('shows an alarm of the broker, in words and as a metric, and its end', async () => {
    const { url, inject } = await tap();
    const connection = await open(url, 'alarmed');
    expect(connection.trouble()).toBeUndefined();
    inject(alarm('low on memory'));
    await until('the alarm is seen', () => connection.trouble() === 'RabbitMQ blocks publishers: low on memory');
    expect(await gauge('carillon_broker_blocked', 'alarmed')).toBe(1);
    expect(await gauge('carillon_broker_connected', 'alarmed')).toBe(1);
    inject(alarm());
    await until('the end is seen', () => connection.trouble() === undefined);
    expect(await gauge('carillon_broker_blocked', 'alarmed')).toBe(0);
  });

  it('does not miss an alarm that comes during its setup, when waiting messages are published', async () => {
    const { url, inject } = await tap();
    const connection = await open(url, 'alarmed early', async (model) => {
      inject(alarm('low on disk'));
      await once(model, 'blocked');
    });
    expect(connection.trouble()).toBe('RabbitMQ blocks publishers: low on disk');
  });

  it('notices a broker that has fallen silent without closing, by the heartbeat', async () => {
    const { url, silence } = await tap();
    const connection = await open(`${url}?heartbeat=1`, 'silent');
    silence();
    await until('the silence is noticed', () => connection.trouble() === 'not connected to RabbitMQ');
    expect(await gauge('carillon_broker_connected', 'silent')).toBe(0);
  });

  it('asks for a heartbeat of its own choice rather than the broker’s minute', async () => {
    let agreed: number | undefined;
    await open(servers.amqpUrl, 'beating', async (model) => {
      agreed = (model.connection as unknown as { heartbeat: number }).heartbeat;
    });
    expect(agreed).toBe(defaults.heartbeatSeconds);
  });

  it('tries again when its setup fails, and is ready only after one has succeeded', async () => {
    let setups = 0;
    const connection = await open(servers.amqpUrl, 'third time lucky', async () => {
      setups += 1;
      if (setups < 3) throw new Error('not yet');
    });
    expect(setups).toBe(3);
    expect(connection.trouble()).toBeUndefined();
  });

  it('can be closed while the broker is away', async () => {
    const connection = new Connection('amqp://127.0.0.1:1', 'nobody there', async () => undefined);
    const opening = connection.open().catch((error: Error) => error.message);
    await until('it has tried', () => connection.trouble());
    await connection.close();
    expect(await opening).toBe('Connection closed');
  });
});
