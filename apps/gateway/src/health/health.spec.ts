import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deadLetter, emailRendered, serviceBeat } from '@carillon/contracts';
import {
  cuttableProxy,
  servers,
  startTestService,
  testBroker,
  testDatabase,
  until,
  type CuttableProxy,
  type TestBroker,
  type TestDatabase,
  type TestService,
} from '@carillon/testing';
import { service } from '../service.ts';
import { healthSchema, installationSchema, type Health, type InstallationHealth } from './health-view.ts';

const admin = 'ck_development-key-for-tests-only';
const platform = 'ck_platform-key-of-these-tests-0123456';

/** A gateway that reaches RabbitMQ through a proxy, which is cut at the end. */
describe('the health of the system', () => {
  let proxy: CuttableProxy;
  let database: TestDatabase;
  let broker: TestBroker;
  let gateway: TestService;

  beforeAll(async () => {
    [database, broker, proxy] = await Promise.all([
      testDatabase({ gateway: service.migrations }),
      testBroker(),
      cuttableProxy(servers.amqpUrl),
    ]);
    const env = { DEV_API_KEY: admin, PLATFORM_API_KEY: platform, AMQP_URL: proxy.url };
    gateway = await startTestService(service, env, { database, broker });
  }, 30_000);

  afterAll(async () => {
    proxy?.restore();
    await gateway?.close();
    await proxy?.close();
    await broker?.close();
    await database?.drop();
  });

  const ask = (path: string, key: string) =>
    fetch(gateway.running.url + path, { headers: { authorization: `Bearer ${key}` } });
  const health = async (): Promise<Health> => healthSchema.parse(await (await ask('/v1/admin/health', admin)).json());
  const installation = async (): Promise<InstallationHealth> =>
    installationSchema.parse(await (await ask('/v1/admin/health/installation', platform)).json());
  const find = ({ services }: InstallationHealth, name: string) => services.find((one) => one.service === name)!;

  it('lists the replicas that beat, this one among them, and who is missing', async () => {
    const beat = { ...serviceBeat.example, trouble: 'PostgreSQL does not answer' };
    await gateway.messages.publish(serviceBeat, beat, { id: randomUUID() });
    await until('both are heard', async () => {
      const now = await health();
      return find(now, 'gateway').status === 'ok' && find(now, 'inbox').status === 'not_ready';
    });
    await gateway.messages.publish(serviceBeat, beat, { id: randomUUID() });
    const now = await until('it is heard again', async () => {
      const answer = await health();
      return find(answer, 'inbox').status === 'not_ready' && answer;
    });
    expect(find(now, 'inbox').replicas).toEqual([
      {
        replica: beat.replica,
        version: '0.1.0',
        started_at: beat.started_at,
        heard_at: expect.any(String),
        ready: false,
        trouble: 'PostgreSQL does not answer',
      },
    ]);
    expect(find(now, 'scheduler')).toEqual({ service: 'scheduler', status: 'missing', replicas: [] });
  });

  it('shows what waits in each queue, and that one is gone', async () => {
    const { queue } = gateway.messages.names.queues('email-sender', emailRendered)[0]!;
    const gone = gateway.messages.names.rpcQueue('inbox');
    await gateway.messages.publish(emailRendered, { ...emailRendered.example, lane: 'urgent' }, { id: randomUUID() });
    await broker.channel.deleteQueue(gone);
    await until('it is seen', async () => {
      const { data } = (await health()).queues;
      const of = (name: string) => data.find((one) => one.queue === name);
      return (
        of(queue)?.messages === 1 && of(queue)?.consumers === 0 && of(gone)?.messages === null && data.at(-1)!.consumers
      );
    });
  });

  it('tells since when the oldest message of a queue has waited, exactly or at least', async () => {
    const oldest = async (queue: string) => {
      const told = async () => (await health()).queues.data.find((one) => one.queue === queue);
      const { oldest_at, at_least } = await until('RabbitMQ tells of the queue', told);
      return { oldest_at, at_least };
    };
    const consumed = gateway.messages.names.queues('gateway', deadLetter)[0]!.queue;
    const published = '2026-11-21T09:12:00.000Z';
    const beat = { ...serviceBeat.example, trouble: null, oldest: { [consumed]: published } };
    const later = { ...beat, replica: randomUUID(), oldest: { [consumed]: '2026-11-21T09:13:00.000Z' } };
    await until('both are heard', async () => {
      for (const each of [later, beat]) await gateway.messages.publish(serviceBeat, each, { id: randomUUID() });
      return (await oldest(consumed)).oldest_at === published;
    });
    expect(await oldest(consumed)).toEqual({ oldest_at: published, at_least: false });
    for (const each of [later, beat])
      await gateway.messages.publish(serviceBeat, { ...each, oldest: {} }, { id: randomUUID() });
    await until('it is done', async () => (await oldest(consumed)).oldest_at === null);

    const unconsumed = gateway.messages.names.queues('email-sender', emailRendered)[2]!.queue;
    expect(await oldest(unconsumed)).toEqual({ oldest_at: null, at_least: false });
    const before = Date.now();
    await gateway.messages.publish(emailRendered, { ...emailRendered.example, lane: 'bulk' }, { id: randomUUID() });
    const seen = await until('it is seen', async () => {
      const told = await oldest(unconsumed);
      return told.oldest_at && told;
    });
    expect(seen.at_least).toBe(true);
    expect(Date.parse(seen.oldest_at!)).toBeGreaterThanOrEqual(before);
    await until('it is measured', async () => {
      const metrics = await (await fetch(`${gateway.running.url}/metrics`)).text();
      const [, seconds] = new RegExp(`carillon_queue_oldest_seconds{queue="${unconsumed}"} (.*)`).exec(metrics) ?? [];
      return Number(seconds) > 0;
    });
    expect(await oldest(unconsumed)).toEqual(seen);
    await broker.channel.purgeQueue(unconsumed);
    await until('none is left', async () => (await oldest(unconsumed)).oldest_at === null);
  });

  it('shows each tenant its own outbox and dead letters; the platform the numbers of all', async () => {
    const park = (tenant: string) =>
      gateway.messages.publish(
        deadLetter,
        { ...deadLetter.example, body: JSON.stringify({ tenant }) },
        { id: randomUUID() },
      );
    await Promise.all([park('default'), park('other'), park('other')]);
    await database.query(
      `INSERT INTO gateway.outbox_queues (tenant, events, bytes, leased_until)
       VALUES ('default', 1, 2, 'infinity'), ('other', 5, 10, 'infinity')`,
    );
    await database.query(
      `INSERT INTO gateway.outbox_events (tenant, event_id, event, bytes, stored_at)
       VALUES ('default', 'a', '{}', 2, '2026-11-21T09:30:00Z')`,
    );
    const all = await until('all are kept', async () => {
      const now = await installation();
      return now.dead_letters.count === 3 && now;
    });
    expect(all.outbox.count).toBe(6);
    const { outbox, dead_letters } = await health();
    expect(outbox).toEqual({ count: 1, oldest_at: '2026-11-21T09:30:00.000Z' });
    expect(dead_letters).toEqual({ count: 1, oldest_at: new Date(deadLetter.example.parked_at).toISOString() });
    const made = await fetch(`${gateway.running.url}/v1/admin/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'of a tenant', scopes: ['admin'] }),
    });
    const { key } = (await made.json()) as { key: string };
    expect((await ask('/v1/admin/health', key)).status).toBe(200);
    expect((await ask('/v1/admin/health/installation', key)).status).toBe(403);
  });

  it('answers in time when senders or RabbitMQ are away, and says so', async () => {
    const started = performance.now();
    const { providers } = await health();
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(providers.map(({ channel, trouble }) => [channel, trouble !== null])).toEqual([
      ['email', true],
      ['sms', true],
    ]);

    proxy.cut();
    const away = await until('it is noticed', async () => {
      const now = await health();
      return now.queues.trouble !== null && find(now, 'gateway').status === 'missing' && now;
    });
    expect(away.queues.data).toEqual([]);
    expect(away.dead_letters.count).toBe(1);
    proxy.restore();
    await until('it is back', async () => {
      const now = await health();
      return now.queues.trouble === null && find(now, 'gateway').status === 'ok';
    });
  });
});
