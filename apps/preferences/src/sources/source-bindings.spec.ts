import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { domainEvent, listSources, putCatalog, type CatalogSource } from '@carillon/contracts';
import { Unroutable } from '@carillon/messaging';
import {
  cuttableProxy,
  startTestService,
  testBroker,
  testDatabase,
  unique,
  until,
  type TestBroker,
  type TestDatabase,
  type TestService,
} from '@carillon/testing';
import { register } from 'prom-client';
import { service } from '../service.ts';
import { SourceBindings } from './source-bindings.ts';

describe('the sources of catalogs', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let replica: TestService;
  /** An exchange of a domain service; each test has its own. */
  let exchange: string;
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    [database, broker] = await Promise.all([testDatabase({ preferences: service.migrations }), testBroker()]);
    exchange = `studio_${unique()}`;
    replica = await start();
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await broker.channel.deleteExchange(exchange);
    await broker.close();
    await database.drop();
  });

  async function start(env: Record<string, string> = {}): Promise<TestService> {
    const started = await startTestService(service, env, { database, broker });
    cleanups.push(started.close);
    return started;
  }

  const declare = (kind = 'topic') => broker.channel.assertExchange(exchange, kind, { durable: true });

  async function apply(tenant: string, sources: Record<string, CatalogSource>, by = replica): Promise<void> {
    const document = { sources };
    const applied_by = 'test';
    await by.messages.call(putCatalog, { tenant, document, text: '', format: 'json', dry_run: false, applied_by });
  }

  const standings = (tenant: string) => replica.messages.call(listSources, { tenant });
  const statuses = async (tenant: string) => (await standings(tenant)).map(({ key, status }) => `${key} ${status}`);
  const becomes = (tenant: string, ...expected: string[]) =>
    until(`${tenant}: ${expected.join()}`, async () => (await statuses(tenant)).join() === expected.join());

  /** Whether what the domain service publishes reaches the intake queue. */
  async function arrives(routingKey: string): Promise<boolean> {
    const route = { exchange, routingKey, mandatory: true, batch: 1 };
    return replica.messages.publisher.publishRaw(route, '{}').then(
      () => true,
      (error: unknown) => {
        if (error instanceof Unroutable) return false;
        throw error;
      },
    );
  }

  it('are bound as soon as a catalog names them, by its routing keys', async () => {
    await declare();
    expect(await arrives('lesson.moved')).toBe(false);
    await apply('north', { lessons: { exchange, routing_keys: ['lesson.*', 'room.#'] } });
    await becomes('north', 'lessons bound');
    expect(await Promise.all(['lesson.moved', 'room', 'member.joined'].map(arrives))).toEqual([true, true, false]);
    expect(await standings('north')).toEqual([
      {
        key: 'lessons',
        exchange,
        routing_keys: ['lesson.*', 'room.#'],
        status: 'bound',
        error: null,
        bound_at: expect.any(String),
        checked_at: expect.any(String),
      },
    ]);
  });

  it('are reported while their exchange does not exist, and bound when it appears', async () => {
    await apply('north', { lessons: { exchange } });
    await becomes('north', 'lessons missing');
    expect(await standings('north')).toMatchObject([
      { routing_keys: ['#'], error: `NOT_FOUND - no exchange '${exchange}' in vhost '/'`, bound_at: null },
    ]);
    const { values } = await register.getSingleMetric('carillon_source_bindings')!.get();
    expect(values.find(({ labels }) => labels.state === 'missing')!.value).toBe(1);
    await declare('fanout');
    await becomes('north', 'lessons bound');
    expect(await arrives('')).toBe(true);
  });

  it('are bound again when their exchange was deleted and made anew', async () => {
    replica.running.app.get(SourceBindings).checkMs = 300;
    await declare();
    await apply('north', { lessons: { exchange } });
    await becomes('north', 'lessons bound');
    await broker.channel.deleteExchange(exchange);
    await becomes('north', 'lessons missing');
    await declare();
    await becomes('north', 'lessons bound');
    expect(await arrives('lesson.moved')).toBe(true);
  });

  it('are unbound when no catalog names them any more: nothing arrives', async () => {
    await declare();
    await apply('north', { lessons: { exchange, routing_keys: ['lesson.*'] }, all: { exchange, routing_keys: ['#'] } });
    await becomes('north', 'all bound', 'lessons bound');
    await apply('north', { lessons: { exchange, routing_keys: ['lesson.*'] } });
    await until('the other key is unbound', async () => !(await arrives('room.booked')));
    expect(await arrives('lesson.moved')).toBe(true);
    await apply('north', {});
    await until('nothing arrives', async () => !(await arrives('lesson.moved')));
    expect(await standings('north')).toEqual([]);
    expect(await database.query('SELECT FROM preferences.source_bindings')).toEqual([]);
  });

  it('may be shared: what one tenant gives up stays bound for the other', async () => {
    await declare();
    await apply('north', { lessons: { exchange, routing_keys: ['lesson.*'] } });
    await apply('south', {
      lessons: { exchange, routing_keys: ['lesson.*'] },
      rooms: { exchange, routing_keys: ['room.*'] },
    });
    await becomes('south', 'lessons bound', 'rooms bound');
    await apply('south', {});
    await until('what only the other had is unbound', async () => !(await arrives('room.booked')));
    expect(await arrives('lesson.moved')).toBe(true);
    expect(await statuses('north')).toEqual(['lessons bound']);
  });

  it('are kept by every replica, and one that stops takes nothing with it', async () => {
    await declare();
    const other = await start();
    await apply('north', { lessons: { exchange } });
    await becomes('north', 'lessons bound');
    await other.running.close();
    await apply('south', { rooms: { exchange, routing_keys: ['room.*'] } });
    await becomes('south', 'rooms bound');
    expect(await arrives('lesson.moved')).toBe(true);
  });

  it('are looked at again on every connect: what changed while the broker was away is made good', async () => {
    await declare();
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    await apply('north', { lessons: { exchange } });
    await becomes('north', 'lessons bound');
    await replica.running.close();
    const cut = await start({ AMQP_URL: proxy.url });
    await until('it is bound', () => arrives('lesson.moved'));
    proxy.cut();
    await until('it is not ready', async () => (await fetch(`${cut.running.url}/health/ready`)).status === 503);
    await broker.channel.deleteExchange(exchange);
    await declare();
    expect(await arrives('lesson.moved')).toBe(false);
    proxy.restore();
    await until('it is bound again', () => arrives('lesson.moved'));
  });

  it('are bound again after their queue was deleted', async () => {
    const bindings = replica.running.app.get(SourceBindings);
    bindings.checkMs = 300;
    await declare();
    await apply('north', { lessons: { exchange } });
    await becomes('north', 'lessons bound');
    await broker.channel.deleteQueue(broker.names.queues('preferences', domainEvent)[0]!.queue);
    await until('it is bound again', () => arrives('lesson.moved'));
  });

  it('are refused where the setting does not permit them, and unbound where it did before', async () => {
    await declare();
    await apply('north', { lessons: { exchange } });
    await becomes('north', 'lessons bound');
    await replica.running.close();
    replica = await start({ SOURCE_EXCHANGES: 'north=other,south=studio_*' });
    await becomes('north', 'lessons refused');
    expect((await standings('north'))[0]!.error).toContain('SOURCE_EXCHANGES');
    await until('nothing arrives', async () => !(await arrives('lesson.moved')));
    await apply('south', { lessons: { exchange } });
    await becomes('south', 'lessons bound');
  });

  it('are refused when they are saved if they are Carillon’s own exchanges or not permitted', async () => {
    const own = broker.names.exchange('pipeline');
    await expect(apply('north', { mine: { exchange: own } })).rejects.toMatchObject({
      status: 422,
      errors: [{ path: 'sources.mine.exchange', message: expect.stringContaining(`"${own}" is Carillon’s own`) }],
    });
    await replica.running.close();
    const strict = await start({ SOURCE_EXCHANGES: 'south=*' });
    await expect(apply('north', { lessons: { exchange } }, strict)).rejects.toMatchObject({
      errors: [{ path: 'sources.lessons.exchange', message: expect.stringContaining('SOURCE_EXCHANGES') }],
    });
  });
});
