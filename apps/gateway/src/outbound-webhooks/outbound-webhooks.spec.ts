import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deliveryOutcomes,
  eventRequested,
  freshId,
  recipientErased,
  type CloudEvent,
  type DeliveryChanged,
  type EventRequest,
} from '@carillon/contracts';
import { startTestService, unique, until, VendorDouble, type TestService } from '@carillon/testing';
import { Webhook } from 'standardwebhooks';
import { ApiKeys } from '../access/api-keys.ts';
import { service } from '../service.ts';
import type { Message, MessageDetail, NewEndpoint } from './endpoint.ts';
import { Endpoints } from './endpoints.ts';

const admin = 'ck_development-key-for-tests-only';

describe('outbound webhooks', () => {
  let test: TestService;
  let replica: TestService;
  let otherKey: string;
  const doubles: VendorDouble[] = [];

  beforeAll(async () => {
    const env = {
      DEV_API_KEY: admin,
      ALLOW_PRIVATE_URLS: '127.0.0.1',
      WEBHOOK_RETRY_DELAYS: '0.1,0.1,0.1',
      WEBHOOK_TIMEOUT_MS: '1500',
      WEBHOOK_CONCURRENCY: '3',
    };
    test = await startTestService(service, env);
    replica = await startTestService(service, env, { database: test.database, broker: test.broker });
    otherKey = await test.running.app.get(ApiKeys).create('other', 'theirs', ['admin']);
  });

  afterAll(async () => {
    await replica.close();
    await test.close();
  });

  afterEach(async () => {
    await test.database.query('DELETE FROM gateway.webhook_endpoints');
    await Promise.all(doubles.splice(0).map((double) => double.close()));
  });

  async function call(method: string, path: string, body?: unknown, key = admin) {
    const response = await fetch(`${test.running.url}/v1/admin/webhooks${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as any };
  }

  async function receiver(status = 204): Promise<VendorDouble> {
    const double = await VendorDouble.start();
    double.answer = { status };
    doubles.push(double);
    return double;
  }

  async function webhook(double: VendorDouble, input: object = {}, key = admin): Promise<NewEndpoint> {
    const { status, json } = await call('POST', '', { url: `${double.url}/hook`, ...input }, key);
    expect([status, json.detail]).toEqual([201, undefined]);
    return json as NewEndpoint;
  }

  /** Tells an outcome as a sender does. @returns the id of what it is about */
  async function tell(
    kind: keyof typeof deliveryOutcomes,
    { tenant = 'default', recipient = 'parent-17', id = freshId() } = {},
  ): Promise<string> {
    const data: DeliveryChanged = { ...deliveryOutcomes[kind].example, delivery_id: id, recipient };
    await test.messages.publish(deliveryOutcomes[kind], data, { id, tenant, time: new Date().toISOString() });
    return id;
  }

  const told = (double: VendorDouble): string[] => double.received.map(({ body }) => JSON.parse(body).data.delivery_id);
  const messages = async (id: string, query = ''): Promise<Message[]> =>
    (await call('GET', `/${id}/messages?limit=100${query}`)).json.data;
  const detail = async (id: string, message: string): Promise<MessageDetail> =>
    (await call('GET', `/${id}/messages/${message}`)).json;

  /** Whether a routing key leads anywhere from the outcomes. */
  async function isHeard(key: string): Promise<boolean> {
    const { channel, names } = test.broker;
    let returned = false;
    const onReturn = () => (returned = true);
    channel.once('return', onReturn);
    channel.publish(names.exchange('outcomes'), key, Buffer.from('[]'), {
      mandatory: true,
      contentType: 'application/cloudevents-batch+json',
    });
    // What is returned comes before the answer to what is asked later.
    await channel.checkExchange(names.exchange('outcomes'));
    channel.removeListener('return', onReturn);
    return !returned;
  }

  it('tell what is wanted, signed as Standard Webhooks say, and show the secret once', async () => {
    const double = await receiver();
    const { id, secret } = await webhook(double, { events: ['delivery.failed'], description: 'Invoices' });
    await tell('sent');
    const failed = await tell('failed');
    const [request] = await until('it is told', () => double.received.length > 0 && double.received);
    expect(request).toMatchObject({ method: 'POST', path: '/hook', headers: { 'content-type': 'application/json' } });
    expect(new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>)).toMatchObject({
      type: 'delivery.failed',
      timestamp: expect.any(String),
      data: { ...deliveryOutcomes.failed.example, delivery_id: failed },
    });
    const [message] = await until('it is recorded', async () => {
      const list = await messages(id, '&state=delivered');
      return list.length > 0 && list;
    });
    expect(message).toMatchObject({ id: request!.headers['webhook-id'], event: 'delivery.failed', attempts: 1 });
    expect(await detail(id, message!.id)).toMatchObject({
      body: request!.body,
      log: [{ number: 1, status: 204, error: null, response: '' }],
    });
    expect(told(double)).toEqual([failed]);
    expect((await call('GET', `/${id}`)).json.secret).toBeUndefined();
    expect(JSON.stringify(await test.database.query('SELECT * FROM gateway.webhook_endpoints'))).not.toContain(secret);
  });

  it('cost nobody anything who has none: only what some webhook wants is heard at all', async () => {
    const { running } = test;
    await running.app.get(Endpoints).tendBindings();
    expect(await isHeard('delivery.failed')).toBe(false);
    const { id } = await webhook(await receiver(), { events: ['delivery.failed'] });
    expect([await isHeard('delivery.failed'), await isHeard('engagement.opened')]).toEqual([true, false]);
    await call('PATCH', `/${id}`, { events: ['engagement.*'] });
    await running.app.get(Endpoints).tendBindings();
    expect([await isHeard('delivery.failed'), await isHeard('engagement.opened')]).toEqual([false, true]);
    await call('DELETE', `/${id}`);
    await running.app.get(Endpoints).tendBindings();
    expect(await isHeard('engagement.opened')).toBe(false);
  });

  it('are told a fact once, however often the broker delivers it', async () => {
    const double = await receiver();
    const { id } = await webhook(double);
    const data = { ...deliveryOutcomes.sent.example };
    const attributes = { id: freshId(), tenant: 'default', time: new Date().toISOString() };
    for (let times = 0; times < 3; times += 1) await test.messages.publish(deliveryOutcomes.sent, data, attributes);
    const last = await tell('sent');
    await until('the last one is told', () => told(double).includes(last));
    expect(await messages(id)).toHaveLength(2);
    expect(double.received).toHaveLength(2);
  });

  it('are tried again with the same id, and no sooner than they ask for', async () => {
    const double = await receiver();
    double.answer = { status: 503, body: 'not now', headers: { 'retry-after': '1' } };
    const { id } = await webhook(double);
    await tell('sent');
    await until('it was tried', () => double.received.length === 1);
    const first = Date.now();
    double.answer = { status: 200, body: 'thank you' };
    const [message] = await until('it is delivered', async () => {
      const list = await messages(id, '&state=delivered');
      return list.length > 0 && list;
    });
    expect(Date.now() - first).toBeGreaterThan(950);
    expect(new Set(double.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await detail(id, message!.id)).toMatchObject({
      attempts: 2,
      log: [
        { number: 1, status: 503, error: 'HTTP 503', response: 'not now' },
        { number: 2, status: 200, error: null, response: 'thank you' },
      ],
    });
    expect((await call('GET', `/${id}`)).json).toMatchObject({ state: 'active', failing_since: null });
  });

  it('that fail for good are told again when asked to: one, or all since a time', async () => {
    const double = await receiver(500);
    const { id } = await webhook(double);
    const since = new Date(Date.now() - 60_000).toISOString();
    await Promise.all([tell('sent'), tell('failed'), tell('delivered')]);
    const failed = await until(
      'all retries are used up',
      async () => {
        const list = await messages(id, '&state=failed');
        return list.length === 3 && list;
      },
      { timeoutMs: 20_000 },
    );
    expect(failed.map(({ attempts }) => attempts)).toEqual([4, 4, 4]);
    expect((await call('GET', `/${id}`)).json.failing_since).toEqual(expect.any(String));

    double.answer = { status: 200 };
    expect((await call('POST', `/${id}/messages/${failed[0]!.id}/replay`)).json).toMatchObject({ state: 'pending' });
    await until('the one is delivered', async () => (await detail(id, failed[0]!.id)).state === 'delivered');
    expect((await call('POST', `/${id}/replay`, { since: new Date().toISOString() })).json.replayed).toBe(0);
    expect((await call('POST', `/${id}/replay`, { since })).json).toEqual({ replayed: 2, more: false });
    await until('all are delivered', async () => (await messages(id, '&state=delivered')).length === 3);
    expect(double.received).toHaveLength(3 * 4 + 3);
    expect((await detail(id, failed[0]!.id)).log.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  });

  it('that are gone are disabled at once, and those that fail for days later; their admins are told', async () => {
    const requested = (await test.broker.capture(eventRequested)) as CloudEvent<EventRequest>[];
    const gone = await webhook(await receiver(410), { description: 'Gone' });
    const broken = await webhook(await receiver(500), { description: 'Broken' });
    await test.database.query(
      `UPDATE gateway.webhook_endpoints SET failing_since = now() - interval '6 days' WHERE id = $1`,
      [broken.id],
    );
    await tell('sent');
    for (const [{ id }, reason] of [
      [gone, /410/],
      [broken, /since/],
    ] as const) {
      const endpoint = await until('it is disabled', async () => {
        const { json } = await call('GET', `/${id}`);
        return json.state === 'disabled' && json;
      });
      expect(endpoint).toMatchObject({
        disabled_reason: expect.stringMatching(reason),
        disabled_at: expect.any(String),
      });
    }
    const notices = await until('both notices are on the street', () => requested.length === 2 && requested);
    expect(notices.map(({ data }) => data.content!.title).sort()).toEqual([
      'Webhook disabled: Broken',
      'Webhook disabled: Gone',
    ]);
    expect(notices[0]!.data.audience).toEqual({ role: 'admin' });
    const entries = await test.database.query(
      `SELECT target FROM gateway.audit_log WHERE action = 'webhooks.disable' AND actor_kind = 'system'`,
    );
    expect(entries.map(({ target }) => target).sort()).toEqual([`webhooks/${gone.id}`, `webhooks/${broken.id}`].sort());
    // What waits is kept, what happens meanwhile is not told, and enabling goes on.
    await tell('failed');
    const [waiting] = await messages(broken.id);
    expect(waiting).toMatchObject({ event: 'delivery.sent', state: 'pending' });
    expect((await call('POST', `/${broken.id}/enable`)).json).toMatchObject({ state: 'active', disabled_reason: null });
    await until('it is tried again', async () => (await messages(broken.id))[0]!.attempts > waiting!.attempts);
  });

  it('sign with both secrets while one is replaced', async () => {
    const double = await receiver();
    const { id, secret: former } = await webhook(double);
    const { json } = await call('POST', `/${id}/rotate-secret`, { overlap_seconds: 3600 });
    await tell('sent');
    const [request] = await until('it is told', () => double.received.length > 0 && double.received);
    const headers = request!.headers as Record<string, string>;
    for (const secret of [former, json.secret]) new Webhook(secret).verify(request!.body, headers);
    const { json: last } = await call('POST', `/${id}/rotate-secret`, { overlap_seconds: 0 });
    await tell('sent');
    const second = await until('it is told', () => double.received[1]);
    new Webhook(last.secret).verify(second.body, second.headers as Record<string, string>);
    for (const secret of [former, json.secret])
      expect(() => new Webhook(secret).verify(second.body, second.headers as Record<string, string>)).toThrow();
  });

  it('keep their secrets when the key that seals them is replaced', async () => {
    const double = await receiver();
    const { id, secret } = await webhook(double);
    const key = (byte: string) => byte.repeat(32);
    const sealedBy = async () => {
      const [{ secrets }] = await test.database.query('SELECT secrets FROM gateway.webhook_endpoints WHERE id = $1', [
        id,
      ]);
      return secrets.map(({ sealed }: { sealed: string }) => sealed.split('.')[1]);
    };
    const derived = await sealedBy();
    expect(derived).toEqual([expect.stringMatching(/^installation-/)]);
    const shared = { database: test.database, broker: test.broker };
    const env = { ALLOW_PRIVATE_URLS: '127.0.0.1', SECRETS_KEY: `new:${key('ab')}` };
    const another = await startTestService(service, env, shared);
    expect(await sealedBy()).toEqual(['new']);
    const { tenant, secrets } = (
      await test.database.query('SELECT tenant, secrets FROM gateway.webhook_endpoints WHERE id = $1', [id])
    )[0];
    expect(another.running.app.get(Endpoints).secretsOf(tenant, id, secrets, new Date())).toEqual([secret]);
    await another.close();
  });

  it('that are slow do not hold up others', async () => {
    const slow = await receiver();
    slow.answer = { fault: 'silence' };
    const quick = await receiver();
    await webhook(slow, { description: 'slow' });
    await webhook(quick, { description: 'quick' });
    const ids = await Promise.all(Array.from({ length: 60 }, () => tell('sent')));
    await until('the quick one has heard all', () => quick.received.length >= 60);
    expect(told(quick).sort()).toEqual([...ids].sort());
    // Both replicas may have three attempts each under way there.
    expect(slow.received.length).toBeLessThanOrEqual(2 * 3 * 2);
  });

  it('are told by two replicas together, each fact once', async () => {
    const double = await receiver();
    await webhook(double);
    const ids = await Promise.all(Array.from({ length: 300 }, () => tell('sent')));
    await until('all are told', () => double.received.length >= 300, { timeoutMs: 20_000 });
    expect(told(double).sort()).toEqual([...ids].sort());
  });

  it('never lead inside, follow no redirect and refuse what cannot be meant', async () => {
    for (const [url, words] of [
      ['http://127.0.0.2/hook', 'public address'],
      ['https://169.254.169.254/latest', 'public address'],
      ['https://[::1]/hook', 'public address'],
      ['https://user:secret@example.org/', 'user or password'],
      ['ftp://example.org/', 'must be a URL'],
      ['https://example.org/#there', 'fragment'],
    ] as const) {
      const { status, json } = await call('POST', '', { url });
      expect({ url, status, code: json.code, errors: json.errors }).toEqual({
        url,
        status: 422,
        code: 'invalid_webhook',
        errors: [{ path: 'url', message: expect.stringContaining(words) }],
      });
    }
    expect((await call('POST', '', { url: 'https://example.org/', events: ['delivery.lost'] })).status).toBe(400);

    const target = await receiver();
    const double = await receiver();
    double.answer = { status: 302, headers: { location: target.url } };
    const { id } = await webhook(double);
    // What was allowed when it was saved may not be any more.
    await tell('sent');
    await until('it was tried', async () => (await messages(id))[0]?.last_error === 'HTTP 302');
    expect(target.received).toEqual([]);
    await test.database.query(`UPDATE gateway.webhook_endpoints SET url = 'https://127.0.0.2/' WHERE id = $1`, [id]);
    await until('it was refused', async () =>
      (await messages(id))[0]?.last_error?.startsWith('The URL must lead to a public address'),
    );
  });

  it('are a tenant’s own', async () => {
    const mine = await receiver();
    const theirs = await receiver();
    const { id } = await webhook(mine);
    await webhook(theirs, {}, otherKey);
    const fact = await tell('sent', { tenant: 'other' });
    await until('it is told', () => theirs.received.length === 1);
    expect(told(theirs)).toEqual([fact]);
    expect(mine.received).toEqual([]);
    expect((await call('GET', `/${id}`, undefined, otherKey)).status).toBe(404);
    expect((await call('POST', `/${id}/test`, undefined, otherKey)).status).toBe(404);
    expect((await call('GET', `/${id}/messages`, undefined, otherKey)).status).toBe(404);
    expect((await call('DELETE', `/${id}`, undefined, otherKey)).status).toBe(404);
  });

  it('can be tested before anything happens', async () => {
    const double = await receiver();
    const { id, secret } = await webhook(double, { events: ['delivery.failed'] });
    const { status, json } = await call('POST', `/${id}/test`);
    expect([status, json.event, json.state]).toEqual([202, 'webhook.test', 'pending']);
    const [request] = await until('it is told', () => double.received.length > 0 && double.received);
    expect(new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>)).toMatchObject({
      type: 'webhook.test',
    });
    expect(request!.headers['webhook-id']).toBe(json.id);
  });

  it('forget people who are erased, with what was answered about them', async () => {
    const double = await receiver();
    double.answer = { status: 200, body: 'thanks for the news' };
    const { id } = await webhook(double);
    const recipient = `recipient-${unique()}`;
    await tell('sent', { recipient });
    const kept = await tell('sent');
    await until('both are told', async () => (await messages(id, '&state=delivered')).length === 2);
    const erased_at = new Date().toISOString();
    await test.messages.publish(recipientErased, { recipient, erased_at }, { id: freshId(), tenant: 'default' });
    const [left] = await until('one is forgotten', async () => {
      const list = await messages(id);
      return list.length === 1 && list;
    });
    expect(JSON.parse((await detail(id, left!.id)).body).data.delivery_id).toBe(kept);
    const rows = await test.database.query(
      'SELECT count(*)::int AS n FROM gateway.webhook_attempts WHERE endpoint = $1',
      [id],
    );
    expect(rows[0].n).toBe(1);
  });
});
