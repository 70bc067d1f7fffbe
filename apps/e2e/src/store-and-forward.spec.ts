import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventRequested, type CloudEvent } from '@carillon/contracts';
import { cuttableProxy, servers, unique, until, type CuttableProxy } from '@carillon/testing';
import { Client, type Answer } from './client.ts';
import { apiKey, startSuite, type ServiceProcess, type Suite } from './suite.ts';

/** All services reach RabbitMQ through a proxy that the tests cut. */
describe('what the gateway has accepted', () => {
  let suite: Suite;
  let client: Client;
  let proxy: CuttableProxy;
  let gateway: ServiceProcess;
  let published: CloudEvent[];

  beforeAll(async () => {
    proxy = await cuttableProxy(servers.amqpUrl);
    suite = await startSuite({ AMQP_URL: proxy.url, REQUEST_TIME_LIMIT_MS: '6000' });
    gateway = suite.processes.find(({ name }) => name === 'gateway')!;
    client = new Client(suite);
    published = await suite.broker.capture(eventRequested);
  }, 90_000);

  afterAll(async () => {
    proxy?.restore();
    await suite?.close();
    await proxy?.close();
  }, 60_000);

  /** kill -9, and another one in its place. */
  async function replaceGateway(): Promise<void> {
    await gateway.kill();
    gateway = await suite.start('gateway');
    client = new Client({ ...suite, url: `http://127.0.0.1:${gateway.port}` });
  }

  const event = (title: string, recipient: string, more: object = {}) => ({
    recipients: [recipient],
    channels: ['in_app'],
    content: { title, message: 'Something happened.' },
    ...more,
  });
  const titleOf = ({ data }: CloudEvent) => (data as { content: { title: string } }).content.title;
  const unread = async (token: string): Promise<number> =>
    (await client.call('GET', '/v1/notifications/unread-count', undefined, token)).json.count;

  it('while RabbitMQ was away arrives, each once and in order, though the gateway dies in the middle of publishing it', async () => {
    const token = await client.recipient('patient');
    proxy.cut();
    const probe = () => client.call('POST', '/v1/events', event('probe', 'patient'));
    let probes = 0;
    await until('it is noticed', async () => {
      const { status, json } = await probe();
      if (status === 202) probes += 1;
      return status === 202 && json.notifications === undefined;
    });
    const count = 3_000;
    const filling = 'x'.repeat(2_500);
    const titles = Array.from({ length: count }, (_, n) => `event ${n}`);
    for (let from = 0; from < count; from += 500) {
      const events = titles.slice(from, from + 500).map((title) => event(title, 'patient', { metadata: { filling } }));
      const { status, json } = await client.call('POST', '/v1/events/bulk', { events });
      expect([status, new Set(json.results.map((result: Answer) => result.status))]).toEqual([200, new Set([202])]);
    }
    expect((await fetch(`${suite.url}/health/ready`)).status).toBe(200);

    proxy.restore();
    await until('some are published', () => published.some((one) => titleOf(one) !== 'probe'), { everyMs: 1 });
    await replaceGateway();
    const left = await suite.database.query('SELECT count(*)::int AS events FROM gateway.outbox_events');
    expect(left[0].events).toBeGreaterThan(0);

    await until('all have arrived', async () => (await unread(token)) === count + probes, { timeoutMs: 90_000 });
    await until('the outbox is empty', async () => {
      const rows = await suite.database.query(
        'SELECT FROM gateway.outbox_events UNION ALL SELECT FROM gateway.outbox_queues',
      );
      return rows.length === 0;
    });
    const first = new Map(published.map((one, place) => [one.id, place] as const).reverse());
    const inOrder = published.filter((one, place) => first.get(one.id) === place).map(titleOf);
    expect(inOrder.filter((title) => title !== 'probe')).toEqual(titles);
    expect((await client.call('GET', '/v1/admin/dead-letters')).json.data).toEqual([]);
    expect(await unread(token)).toBe(count + probes);
  }, 180_000);

  it('under an Idempotency-Key is one event, though the gateway dies in between and everybody asks again', async () => {
    const token = await client.recipient('once');
    const keys = Array.from({ length: 60 }, () => unique());
    const post = async (key: string, url: string): Promise<{ status: number; json: any }> => {
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(event(key, 'once')),
      });
      return { status: response.status, json: await response.json() };
    };
    const before = `http://127.0.0.1:${gateway.port}`;
    const answers = new Map<string, { status: number; json: any }>();
    const asked = keys.map((key) =>
      post(key, before).then(
        (answer) => answers.set(key, answer),
        () => undefined,
      ),
    );
    // Some are answered, some are published and not answered, some have not begun.
    await until('the first are answered', () => answers.size > 0, { everyMs: 1 });
    await replaceGateway();
    await Promise.all(asked);
    expect(answers.size).toBeLessThan(keys.length);

    const after = `http://127.0.0.1:${gateway.port}`;
    for (const key of keys) {
      const again = await until(`${key} is answered`, async () => {
        const answer = await post(key, after);
        if (answer.status === 202) return answer;
        // Whoever carried it out has died, which nobody knows before its time is over.
        expect([answer.status, answer.json.code]).toEqual([409, 'request_in_flight']);
        return undefined;
      });
      expect(again).toEqual(answers.get(key) ?? again);
    }
    await until('all have arrived', async () => (await unread(token)) >= keys.length);
    const { json } = await client.call('GET', '/v1/notifications?limit=100', undefined, token);
    expect(json.data.map(({ title }: { title: string }) => title).sort()).toEqual([...keys].sort());
  }, 120_000);

  it('by 200 identical requests at once is one event, and all are told the same', async () => {
    const token = await client.recipient('crowd');
    const key = unique();
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await fetch(`http://127.0.0.1:${gateway.port}/v1/events`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${apiKey}`,
            'content-type': 'application/json',
            'idempotency-key': `"${key}"`,
          },
          body: JSON.stringify(event(key, 'crowd')),
        });
        return `${response.status} ${await response.text()}`;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^202 /);
    await until('it has arrived', async () => (await unread(token)) === 1);
    await client.call('POST', '/v1/events', event('after', 'crowd'));
    await until('what came after it too', async () => (await unread(token)) === 2);
  });
});
