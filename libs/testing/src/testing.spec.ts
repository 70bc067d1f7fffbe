import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { domainEvent, smsRendered } from '@carillon/contracts';
import type { ServiceOptions } from '@carillon/service';
import amqp from 'amqplib';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';
import closeStock from '../../../tools/jest/close-stock.mjs';
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

class CreateBells0001 implements MigrationInterface {
  readonly name = 'CreateBells1700000000001';
  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE TABLE bells (tenant text NOT NULL)');
  }
  async down(): Promise<void> {}
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
  const { CARILLON_TEST_STOCK } = process.env;
  beforeEach(() => void delete process.env.CARILLON_TEST_STOCK);
  afterEach(() => void Object.assign(process.env, CARILLON_TEST_STOCK && { CARILLON_TEST_STOCK }));

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

  it('on the broker is left to the next test where there is a stock, complete and empty, as soon as nobody consumes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'carillon-stock-'));
    process.env.CARILLON_TEST_STOCK = folder;
    const streets = join(folder, 'streets');
    await mkdir(streets);
    const first = await testBroker();
    const [queue, other] = first.names.queues('sms-sender', smsRendered).map(({ queue }) => queue) as [string, string];
    first.publish('pipeline', 'rendered.sms.urgent', {});
    await until('it waits', async () => (await first.depth(queue)) === 1);
    await first.channel.deleteQueue(other);
    await first.channel.bindQueue(first.names.queues('preferences', domainEvent)[0]!.queue, 'amq.topic', first.prefix);
    const late = await amqp.connect(servers.amqpUrl);
    await (await late.createChannel()).consume(queue, () => undefined);
    await until('it is held', async () => (await first.depth(queue)) === 0);
    await first.close();
    expect(await readdir(streets)).toEqual([first.prefix]);

    const second = testBroker();
    await late.close();
    const { prefix, depth, channel, close } = await second;
    expect(prefix).toBe(first.prefix);
    expect(await readdir(streets)).toEqual([]);
    expect([await depth(queue), await depth(other)]).toEqual([0, 0]);
    const returned = once(channel, 'return');
    channel.publish('amq.topic', prefix, Buffer.from('{}'), { mandatory: true });
    await returned;

    // Somebody consumes for good: those are not handed on.
    await channel.consume(queue, () => undefined);
    await writeFile(join(streets, prefix), '');
    const third = await testBroker();
    expect(third.prefix).not.toBe(prefix);
    expect(await queueExists(queue)).toBe(false);

    await Promise.all([close(), third.close()]);
    await closeStock();
    expect(await queueExists(third.names.queues('sms-sender', smsRendered)[0]!.queue)).toBe(false);
  });

  it('in PostgreSQL is a copy where there is a stock: as if migrated itself, apart from others, with the roles of what is kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'carillon-stock-'));
    process.env.CARILLON_TEST_STOCK = folder;
    await mkdir(join(folder, 'databases'));
    const services = { bells: [CreateBells0001] };
    const databases = await Promise.all(Array.from({ length: 3 }, () => testDatabase(services)));
    const files = await readdir(join(folder, 'databases'));
    expect(files).toHaveLength(1);
    const kept = await readFile(join(folder, 'databases', files[0]!), 'utf8');
    for (const [n, database] of databases.entries()) {
      const client = new pg.Client({ connectionString: database.url('bells') });
      await client.connect();
      // Found by the role's search path, written by its rights.
      await client.query('INSERT INTO bells (tenant) VALUES ($1)', [`tower ${n}`]);
      await client.end();
    }
    for (const [n, database] of databases.entries())
      expect(await database.query('SELECT * FROM bells.bells')).toEqual([{ tenant: `tower ${n}` }]);
    const alone = await testDatabase(services, { ownRoles: true });
    expect(new URL(alone.url('bells')).username).toBe(`${alone.name}_bells`);
    for (const database of [...databases, alone]) {
      await database.drop();
      expect(await leftBehind(database.name)).toEqual([]);
    }
    expect((await leftBehind(kept)).sort()).toEqual([kept, `${kept}_bells`, `${kept}_bells_requests`]);
    await closeStock();
    expect(await leftBehind(kept)).toEqual([]);
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
