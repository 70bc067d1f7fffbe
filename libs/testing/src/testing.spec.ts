import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { smsRendered } from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import amqp from 'amqplib';
import pg from 'pg';
import { z } from 'zod';
import { cuttableProxy } from './cuttable-proxy.ts';
import { servers } from './servers.ts';
import { testBroker } from './test-broker.ts';
import { testDatabase } from './test-database.ts';
import { startTestService } from './test-service.ts';
import { until } from './until.ts';

/** What is on the PostgreSQL server under test names: databases and roles. */
async function leftBehind(name: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: servers.databaseUrl });
  await client.connect();
  const { rows } = await client.query(
    `SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)
     UNION ALL SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)`,
    [name],
  );
  await client.end();
  return rows.map((row) => row.name as string);
}

async function queueExists(queue: string): Promise<boolean> {
  const connection = await amqp.connect(servers.amqpUrl);
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  const exists = await channel.checkQueue(queue).then(
    () => true,
    () => false,
  );
  await connection.close();
  return exists;
}

describe('until', () => {
  it('asks again until the answer is truthy, through failures, and returns it', async () => {
    const answers: (() => string | undefined | Promise<string>)[] = [
      () => '',
      () => undefined,
      () => Promise.reject(new Error('not yet')),
      () => Promise.resolve('there'),
    ];
    let asked = 0;
    expect(await until('something', () => answers[asked++]!(), { everyMs: 1 })).toBe('there');
    expect(asked).toBe(4);
  });

  it('names what did not come true, with the last failure as the cause', async () => {
    const failure = new Error('connection refused');
    const waiting = until('the tower stands', () => Promise.reject(failure), { timeoutMs: 30, everyMs: 5 });
    await expect(waiting).rejects.toMatchObject({ message: 'not within 30 ms: the tower stands', cause: failure });
  });
});

describe('a cuttable proxy', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  /** A server that echoes, behind a proxy. */
  async function echoBehindProxy() {
    const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const { port } = server.address() as { port: number };
    const proxy = await cuttableProxy(`amqp://user:pw@localhost:${port}/vhost?heartbeat=5`);
    cleanups.push(() => proxy.close());
    return proxy;
  }

  async function echo(url: string): Promise<Socket> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.write('ding');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('ding');
    return socket;
  }

  it('is the target under another address, credentials and parameters kept', async () => {
    const { url } = await echoBehindProxy();
    expect(url).toMatch(/^amqp:\/\/user:pw@127\.0\.0\.1:\d+\/vhost\?heartbeat=5$/);
    await echo(url);
  });

  it('resets what is open and what comes while it is cut, and works again when restored', async () => {
    const { url, cut, restore } = await echoBehindProxy();
    const open = await echo(url);
    const broken = once(open, 'error');
    cut();
    expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' });
    await expect(echo(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    restore();
    await echo(url);
  });

  it('keeps what comes while it stalls, and passes it on afterwards', async () => {
    const { url, stall, restore } = await echoBehindProxy();
    const socket = await echo(url);
    stall();
    let answered = false;
    const answer = once(socket, 'data').then(([data]) => {
      answered = true;
      return String(data);
    });
    socket.write('dong');
    // What goes past the proxy comes back sooner than that.
    const { port } = new URL(url);
    const late = connect(Number(port), '127.0.0.1');
    cleanups.push(() => late.destroy());
    await once(late, 'connect');
    expect([answered, socket.destroyed]).toEqual([false, false]);
    restore();
    expect(await answer).toBe('dong');
  });
});

describe('what a test makes on the servers', () => {
  it('is gone when it is done: database, roles, exchanges and queues', async () => {
    const database = await testDatabase({ inbox: [], 'sms-sender': [] });
    expect((await leftBehind(database.name)).sort()).toEqual(
      ['', '_inbox', '_inbox_requests', '_sms_sender', '_sms_sender_requests'].map((end) => database.name + end),
    );
    const broker = await testBroker();
    const { queue } = broker.names.queues('sms-sender', smsRendered)[0]!;
    expect(await queueExists(queue)).toBe(true);
    await database.drop();
    await broker.close();
    expect(await leftBehind(database.name)).toEqual([]);
    expect(await queueExists(queue)).toBe(false);
  });

  it('is gone too when the service under test does not start', async () => {
    let url: string | undefined;
    let prefix: string | undefined;
    @Module({})
    class Empty {}
    // The street gives sms-sender queues, but this one has no handler for them.
    const silent: ServiceOptions<Record<never, never>> = {
      name: 'sms-sender',
      config: z.object({}),
      module: (config) => {
        ({ DATABASE_URL: url, CARILLON_AMQP_PREFIX: prefix } = config);
        return Empty;
      },
      migrations: [],
    };
    await expect(startTestService(silent)).rejects.toThrow('sms-sender has no handler for carillon.sms.rendered.v1');
    expect(await leftBehind(new URL(url!).pathname.slice(1))).toEqual([]);
    expect(await queueExists(`${prefix}.sms-sender.rendered.sms.normal`)).toBe(false);
  });

  it('is heard by `capture`: single events and batches, of the asked contract only', async () => {
    const broker = await testBroker();
    const seen = await broker.capture(smsRendered);
    const event = (id: string) => ({ specversion: '1.0', id, source: '/t', type: smsRendered.type, data: {} });
    broker.publish('pipeline', 'rendered.sms.urgent', event('1'));
    broker.publish('pipeline', 'rendered.email.urgent', event('of another contract'));
    broker.publish('pipeline', 'rendered.sms.bulk', [event('2'), event('3')]);
    await until('all are heard', () => seen.length === 3);
    expect(seen.map(({ id }) => id)).toEqual(['1', '2', '3']);
    await broker.close();
  });
});
