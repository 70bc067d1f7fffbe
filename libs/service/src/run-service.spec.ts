import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { deliveryOutcomes, smsRendered, type CloudEvent } from '@carillon/contracts';
import { migrateService } from '@carillon/persistence';
import {
  cuttableProxy,
  startTestService,
  testBroker,
  testDatabase,
  testEnvironment,
  testSecret,
  until,
  type TestBroker,
  type TestDatabase,
} from '@carillon/testing';
import { bell } from '../testing/bell.service.ts';
import { JsonLogger } from './logging.ts';
import { startService } from './run-service.ts';

describe('a service', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let env: Record<string, string>;
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    database = await testDatabase({ 'sms-sender': bell.migrations }, { ownRoles: true });
    broker = await testBroker();
  });

  beforeEach(() => {
    env = testEnvironment(database, broker, 'sms-sender');
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await broker.channel.purgeQueue(queue());
    await database.query('TRUNCATE sms_sender.strokes');
  });

  afterAll(async () => {
    await broker.close();
    await database.drop();
  });

  const queue = () => broker.names.queues('sms-sender', smsRendered)[1]!.queue;
  const strike = (...ids: string[]) =>
    broker.publish(
      'pipeline',
      'rendered.sms.normal',
      ids.map((id) => ({ specversion: '1.0', id, source: '/test', type: smsRendered.type, data: smsRendered.example })),
      { contentType: 'application/cloudevents-batch+json', persistent: true },
    );
  const struck = async (): Promise<string[]> =>
    (await database.query('SELECT id FROM sms_sender.strokes ORDER BY id')).map(({ id }) => id as string);
  const ready = async (url: string): Promise<{ status: number; reason?: string }> => {
    const answer = await fetch(`${url}/health/ready`);
    return { status: answer.status, reason: ((await answer.json()) as { reason?: string }).reason };
  };

  async function through(variable: 'DATABASE_URL' | 'AMQP_URL') {
    const proxy = await cuttableProxy(env[variable]!);
    cleanups.push(() => proxy.close());
    env[variable] = proxy.url;
    return proxy;
  }

  async function start() {
    const service = await startTestService(bell, env, { database, broker });
    cleanups.push(() => service.close());
    return service.running;
  }

  /** A port that was free a moment ago, for asking a service that is still starting. */
  async function freePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    return port;
  }

  it('is alive and ready, tells its metrics, and does its work', async () => {
    const outcomes = await broker.capture(deliveryOutcomes.sent);
    const { url } = await start();
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(await ready(url)).toEqual({ status: 200 });
    strike('one');
    await until('the outcome is told', () => outcomes.some(({ id }) => id === 'one'));
    expect(await struck()).toEqual(['one']);
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    const text = await metrics.text();
    expect(text).toContain(`carillon_items_consumed_total{queue="${queue()}",outcome="done"} `);
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('waits for missing migrations, alive but not ready, and names them in answer and log', async () => {
    await database.query('DROP TABLE sms_sender.strokes, sms_sender.migrations');
    const text: string[] = [];
    const logger = new JsonLogger('bell', 'info', { write: (line: string) => void text.push(line) });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const starting = startService(bell, { ...env, PORT: String(port) }, logger);
    await until('it says what it waits for', async () =>
      (await ready(url)).reason?.includes('CreateStrokes0000000000001'),
    );
    expect(await ready(url)).toMatchObject({ status: 503 });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(text.join()).toContain('waiting for the database: not migrated');
    await migrateService({
      adminUrl: database.adminUrl,
      service: 'sms-sender',
      migrations: bell.migrations,
      secret: testSecret,
    });
    const running = await starting;
    cleanups.push(() => running.close());
    expect(await ready(url)).toEqual({ status: 200 });
  });

  it('is not ready while its database is away, and does afterwards what came meanwhile', async () => {
    const proxy = await through('DATABASE_URL');
    const { url } = await start();
    proxy.cut();
    await until('it is not ready', async () => (await ready(url)).reason === 'PostgreSQL does not answer');
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    strike('meanwhile');
    await until(
      'the consumers pause',
      async () => (await ready(url)).reason === 'PostgreSQL is away, consumers are paused',
    );
    expect(await struck()).toEqual([]);
    proxy.restore();
    await until('it is ready again', async () => (await ready(url)).status === 200);
    await until('the item is done', async () => (await struck()).includes('meanwhile'));
  });

  it('is not ready while its broker is away, and comes back', async () => {
    const proxy = await through('AMQP_URL');
    const { url } = await start();
    proxy.cut();
    await until('it is not ready', async () => (await ready(url)).reason === 'not connected to RabbitMQ');
    proxy.restore();
    await until('it is ready again', async () => (await ready(url)).status === 200);
    strike('afterwards');
    await until('the item is done', async () => (await struck()).includes('afterwards'));
  });

  it('may be started before its database and comes up when the database does', async () => {
    const proxy = await through('DATABASE_URL');
    proxy.cut();
    const starting = start();
    strike('early');
    await until('the item waits', async () => (await broker.depth(queue())) === 1);
    proxy.restore();
    const { url } = await starting;
    await until('it is ready', async () => (await ready(url)).status === 200);
    await until('the item is done', async () => (await struck()).includes('early'));
  });

  it('refuses a wrong environment before it touches anything', async () => {
    await expect(startService(bell, { ...env, DATABASE_URL: '', STROKE_MS: 'soon' })).rejects.toThrow(
      /DATABASE_URL is missing[^]*STROKE_MS .*\(How long one item takes\)/,
    );
  });

  it('says which port is taken', async () => {
    const { url } = await start();
    const { port } = new URL(url);
    const second = startService(bell, { ...env, PORT: port }, new JsonLogger('bell', 'silent'));
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', message: expect.stringContaining(port) });
  });

  describe('as a process', () => {
    /** A process of its own compiles its sources first, which takes a busy machine a while. */
    const patience = { timeoutMs: 60_000 };
    const slow = 90_000;

    interface Line {
      level: string;
      msg: string;
      port?: number;
    }

    /** The service in a process of its own; the log is gathered as it comes. */
    function run(changes: Record<string, string> = {}, log: 'pipe' | number = 'pipe') {
      const directory = fileURLToPath(new URL('../testing/', import.meta.url));
      const child: ChildProcess = spawn(
        process.execPath,
        ['--conditions=@carillon/source', '--import', './typescript.mjs', 'bell.main.ts'],
        {
          cwd: directory,
          env: { PATH: process.env.PATH, ...env, LOG_LEVEL: 'info', ...changes },
          stdio: ['ignore', log, 'pipe'],
        },
      );
      const output: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk));
      const ended = once(child, 'close').then(([code]) => code as number | null);
      cleanups.push(async () => {
        child.kill('SIGKILL');
        await ended;
      });
      const text = () => Buffer.concat(output).toString();
      const lines = () =>
        text()
          .split('\n')
          .filter((line) => line.startsWith('{'))
          .map((line) => JSON.parse(line) as Line);
      const line = (msg: string) =>
        until(
          `"${msg}" in the log`,
          () => {
            if (child.exitCode !== null && !lines().some((entry) => entry.msg === msg)) throw new Error(text());
            return lines().find((entry) => entry.msg === msg);
          },
          patience,
        );
      return { child, ended, text, line };
    }

    /** A pipe that is full and that nobody reads, for a process to write to. */
    async function fullPipe(flags: number): Promise<number> {
      const directory = await mkdtemp(join(tmpdir(), 'pipe-'));
      const path = join(directory, 'log');
      execFileSync('mkfifo', [path]);
      const { O_RDWR, O_NONBLOCK } = constants;
      const filling = openSync(path, O_RDWR | O_NONBLOCK);
      const pipe = openSync(path, flags);
      cleanups.push(() => (closeSync(filling), closeSync(pipe), rm(directory, { recursive: true })));
      for (const size of [4_096, 1]) {
        try {
          for (;;) writeSync(filling, Buffer.alloc(size));
        } catch (error) {
          expect(error).toMatchObject({ code: 'EAGAIN' });
        }
      }
      return pipe;
    }

    const begun = (outcomes: CloudEvent[], id: string) =>
      until(`${id} has begun`, () => outcomes.some((outcome) => outcome.id === `${id} begun`), patience);

    it(
      'says when it is ready and on which port; SIGTERM lets running work finish, and it exits 0',
      async () => {
        const outcomes = await broker.capture(deliveryOutcomes.retrying);
        const sent = await broker.capture(deliveryOutcomes.sent);
        const { child, ended, line } = run({ STROKE_MS: '500', AMQP_PREFETCH: '1' });
        const { port } = await line('ready');
        expect(await ready(`http://127.0.0.1:${port}`)).toEqual({ status: 200 });
        strike('first');
        await begun(outcomes, 'first');
        strike('second'); // beyond the prefetch: stays at the broker
        child.kill('SIGTERM');
        child.kill('SIGTERM'); // an impatient supervisor changes nothing
        await line('stopping');
        await line('stopped');
        expect(await ended).toBe(0);
        expect(await struck()).toEqual(['first']);
        expect(sent.map(({ id }) => id)).toEqual(['first']);
        await until('only the second is left', async () => (await broker.depth(queue())) === 1);
      },
      slow,
    );

    it(
      'is forced to end when the drain takes too long; what was unfinished is delivered again',
      async () => {
        const outcomes = await broker.capture(deliveryOutcomes.retrying);
        const { child, ended, line } = run({ STROKE_MS: '60000', SHUTDOWN_TIMEOUT_MS: '100' });
        await line('ready');
        strike('endless');
        await begun(outcomes, 'endless');
        child.kill('SIGTERM');
        await line('not drained within 100 ms; what was not finished will be delivered again');
        expect(await ended).toBe(1);
        await until('the item is back', async () => (await broker.depth(queue())) === 1);
      },
      slow,
    );

    const { O_WRONLY, O_NONBLOCK } = constants;
    it.each([
      ['blocks', O_WRONLY],
      ['refuses', O_WRONLY | O_NONBLOCK],
    ])(
      'ends on SIGTERM when nobody reads its log, and does what it had in hand: a full pipe that %s',
      async (_, flags) => {
        const outcomes = await broker.capture(deliveryOutcomes.retrying);
        const { child, ended } = run({ STROKE_MS: '500' }, await fullPipe(flags));
        strike('last');
        await begun(outcomes, 'last');
        child.kill('SIGTERM');
        expect(await ended).toBe(0);
        expect(await struck()).toEqual(['last']);
      },
      slow,
    );

    it(
      'says in its log what it dies of',
      async () => {
        const crash = 'process.once(`SIGUSR2`,()=>{throw(new(Error)(`cracked`))})';
        const { child, ended, line } = run({ NODE_OPTIONS: `--import=data:text/javascript,${crash}` });
        await line('ready');
        child.kill('SIGUSR2');
        expect(await line('cracked')).toMatchObject({ level: 'fatal' });
        expect(await ended).toBe(1);
      },
      slow,
    );

    it(
      'ends when it cannot start and nobody reads why',
      async () => {
        const { ended } = run({ LOG_LEVEL: 'loud' }, await fullPipe(O_WRONLY | O_NONBLOCK));
        expect(await ended).toBe(1);
      },
      slow,
    );

    it(
      'exits 1 on a wrong environment, naming each variable, the log level among them',
      async () => {
        const { ended, text } = run({ LOG_LEVEL: 'loud', CARILLON_SECRET: 'short', AMQP_URL: '' });
        expect(await ended).toBe(1);
        const fatal = text()
          .split('\n')
          .filter((line) => line.startsWith('{'))
          .map((line) => JSON.parse(line) as Line);
        expect(fatal).toHaveLength(1);
        expect(fatal[0]).toMatchObject({ level: 'fatal' });
        for (const name of ['LOG_LEVEL', 'CARILLON_SECRET', 'AMQP_URL']) expect(fatal[0]!.msg).toContain(`  ${name} `);
      },
      slow,
    );

    it(
      'exits 1 when the database refuses its password or name, rather than waiting for ever',
      async () => {
        const url = new URL(env.DATABASE_URL!);
        url.pathname = '/no_such_database';
        const { ended, text } = run({ DATABASE_URL: url.toString() });
        expect(await ended).toBe(1);
        expect(text()).toContain('no_such_database');
      },
      slow,
    );
  });
});
