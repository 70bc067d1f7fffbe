import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventRequested, type CloudEvent } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
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
import { service as preferences } from '../../../preferences/src/service.ts';
import { service } from '../service.ts';
import { Outbox } from './outbox.ts';

const admin = 'ck_development-key-for-tests-only';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('while RabbitMQ is away', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let deciding: TestService;
  /** Two replicas, each behind a proxy of its own. */
  let proxies: CuttableProxy[];
  let gateway: TestService;
  let other: TestService;
  let published: CloudEvent[];

  beforeAll(async () => {
    const services = [service, preferences];
    database = await testDatabase(Object.fromEntries(services.map(({ name, migrations }) => [name, migrations])));
    broker = await testBroker();
    deciding = await startTestService(preferences, {}, { database, broker });
    published = await broker.capture(eventRequested);
    proxies = [await cuttableProxy(servers.amqpUrl), await cuttableProxy(servers.amqpUrl)];
    const start = ({ url }: CuttableProxy) =>
      startTestService(service, { DEV_API_KEY: admin, OUTBOX_LIMIT_MB: '2', AMQP_URL: url }, { database, broker });
    gateway = await start(proxies[0]!);
    other = await start(proxies[1]!);
    for (const id of ['amina', 'bo']) await call('PUT', `/v1/recipients/${id}`, { name: id });
  }, 60_000);

  beforeEach(() => void (published.length = 0));

  afterEach(async () => {
    restore();
    // Both replicas: one that connects makes exchanges that are missing, also in the middle of the next test.
    const connected = ({ running }: TestService) => running.app.get(Messages).trouble() === undefined;
    await until(
      'all is published, and both are connected',
      async () => (await queues()).length === 0 && [gateway, other].every(connected),
    );
  });

  afterAll(async () => {
    for (const running of [gateway, other, deciding]) await running?.close();
    for (const proxy of proxies ?? []) await proxy.close();
    await broker?.close();
    await database?.drop();
  });

  const queues = () => database.query('SELECT * FROM gateway.outbox_queues');

  async function call(method: string, path: string, body?: unknown, replica = gateway) {
    const response = await fetch(replica.running.url + path, {
      method,
      headers: { authorization: `Bearer ${admin}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      json: isJson ? JSON.parse(text) : text,
    };
  }

  const event = (title: string, recipients = ['amina'], message = 'Something happened.') => ({
    recipients,
    content: { title, message },
  });
  const send = (title: string, replica = gateway) => call('POST', '/v1/events', event(title), replica);
  const titles = () => published.map(({ data }) => (data as any).content.title as string);
  const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => String(from + n));

  async function cut(replicas = [gateway, other]): Promise<void> {
    for (const replica of replicas) {
      proxies[replica === gateway ? 0 : 1]!.cut();
      await until('it is noticed', async () => (await send('probe', replica)).json.notifications === undefined);
    }
  }
  const restore = () => proxies.forEach((proxy) => proxy.restore());

  it('events are accepted, and published in their order when it is back; what comes meanwhile queues up behind them', async () => {
    await cut();
    const answers = [];
    for (const number of numbered(0, 20)) answers.push(await send(number));
    const bulk = await call('POST', '/v1/events/bulk', {
      events: [...numbered(20, 620).map((n) => event(n)), { type: 17 }],
    });
    expect(answers.map(({ status, json }) => [status, Object.keys(json)])).toEqual(answers.map(() => [202, ['id']]));
    expect(bulk.json.results.map(({ status }: { status: number }) => status)).toEqual([...Array(600).fill(202), 400]);
    expect((await call('GET', '/health/ready')).status).toBe(200);
    expect(titles().filter((title) => title !== 'probe')).toEqual([]);

    restore();
    for (const number of numbered(620, 660)) expect((await send(number)).status).toBe(202);
    await until('all are published', async () => titles().at(-1) === '659' && (await queues()).length === 0);
    expect(titles().filter((title) => title !== 'probe')).toEqual(numbered(0, 660));
    expect(new Set(published.map(({ id }) => id)).size).toBe(published.length);

    const told = await until('it is checked again', async () => (await send('after')).json.notifications);
    expect(told).toHaveLength(1);
    const ids = [...answers.map((answer) => answer.json.id), ...bulk.json.results.flatMap(({ id }: any) => id ?? [])];
    await until('each has become what its answer has named', async () => {
      const rows = await database.query(`SELECT FROM preferences.events WHERE id = ANY($1) AND status = 'decided'`, [
        ids,
      ]);
      return rows.length === 620;
    });
  }, 60_000);

  it('a gateway that starts accepts events before it has ever seen RabbitMQ', async () => {
    const third = await cuttableProxy(servers.amqpUrl);
    third.cut();
    const port = await freePort();
    const env = { DEV_API_KEY: admin, PORT: String(port), AMQP_URL: third.url };
    const starting = startTestService(service, env, { database, broker });
    try {
      const url = `http://127.0.0.1:${port}`;
      await until('it is ready', async () => (await fetch(`${url}/health/ready`)).status === 200);
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
        body: JSON.stringify(event('early')),
      });
      expect([response.status, Object.keys((await response.json()) as object)]).toEqual([202, ['id']]);
      await until('another has published it', () => titles().includes('early'));
    } finally {
      third.restore();
      await (await starting).close();
      await third.close();
    }
  });

  it('though its connection stands and says nothing, events are accepted', async () => {
    for (const proxy of proxies) proxy.stall();
    const first = await send('silence');
    expect([first.status, Object.keys(first.json)]).toEqual([202, ['id']]);
    expect((await send('more silence')).status).toBe(202);
    expect(titles()).toEqual([]);
    restore();
    await until('both are published', () => titles().length >= 2);
    expect([...new Set(titles())]).toEqual(['silence', 'more silence']);
  });

  it('for one replica alone, no other overtakes what that one has accepted', async () => {
    await cut([gateway]);
    for (const number of numbered(0, 30)) {
      const replica = Number(number) % 3 === 0 ? gateway : other;
      expect((await send(number, replica)).status).toBe(202);
    }
    await until('the other has published all', () => titles().at(-1) === '29');
    expect(titles().filter((title) => title !== 'probe')).toEqual(numbered(0, 30));
  });

  it('a full outbox is refused with 503, and takes events again once there is room', async () => {
    await cut();
    const large = event('large', ['amina'], 'x'.repeat(3_900));
    const metadata = Object.fromEntries(numbered(0, 50).map((n) => [`m${n}`, 'y'.repeat(4_000)]));
    const answers: Awaited<ReturnType<typeof call>>[] = [];
    while (answers.length < 30 && answers.at(-1)?.status !== 503)
      answers.push(await call('POST', '/v1/events', { ...large, metadata }));
    // One tenant may take half of 2 MiB, at some 200 kB each.
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 503]);
    expect(answers.at(-1)).toMatchObject({ retryAfter: '30', json: { code: 'unavailable' } });
    const metric = async (name: string) => {
      const { json } = await call('GET', '/metrics');
      return Number(new RegExp(`^carillon_outbox_${name} (\\S+)$`, 'm').exec(json)?.[1]);
    };
    await until('the metrics tell of it', async () => (await metric('bytes')) > 1_000_000);
    expect(await metric('stored_total\\{outcome="refused"\\}')).toBe(1);
    restore();
    await until('there is room', async () => (await call('POST', '/v1/events', { ...large, metadata })).status === 202);
  });

  it('an erased recipient is forgotten in what waits', async () => {
    await cut();
    await send('alone');
    await call('POST', '/v1/events', event('together', ['bo', 'amina']));
    await call('POST', '/v1/events', event('others', ['bo']));
    const erased_at = new Date().toISOString();
    await gateway.running.app.get(Outbox).forget({ tenant: 'default', recipient: 'amina', erased_at });
    const rows = await database.query('SELECT event FROM gateway.outbox_events ORDER BY place');
    const left = rows
      .map(({ event }) => JSON.parse(event).data)
      .map(({ content, recipients }) => [content.title, recipients]);
    expect(left).toEqual([
      ['together', ['bo']],
      ['others', ['bo']],
    ]);
    expect(await queues()).toMatchObject([{ events: '2' }]);
  });

  it('what RabbitMQ refuses becomes a dead letter and holds nobody up', async () => {
    await cut([gateway]);
    const exchange = broker.names.exchange('events');
    // The other replica finds out when it publishes; the first one makes it anew when it connects.
    await broker.channel.deleteExchange(exchange);
    await send('refused');
    const letters = async () => (await call('GET', '/v1/admin/dead-letters?status=parked')).json.data as any[];
    await until('it is parked', async () => (await letters()).some(({ body }) => body.includes('refused')));
    expect(await letters()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ stage: 'gateway.outbox', error: expect.stringContaining(exchange) }),
      ]),
    );
  });
});
