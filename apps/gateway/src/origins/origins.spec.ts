import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TenantStandings } from '@carillon/service';
import { until, type TestService } from '@carillon/testing';
import { RealtimeUnderTest, someone, tenant, tokenOf, tokenUntil } from '../../testing/realtime-under-test.ts';
import { ApiKeys } from '../access/api-keys.ts';
import { DescribedRoutes } from '../documents/openapi/described-routes.ts';

const app = 'https://app.school.example';
const shop = 'https://shop.example';
const local = 'http://localhost:5173';
const nobodys = 'https://evil.example';

describe('pages of other origins', () => {
  let test: RealtimeUnderTest;
  let one: TestService;
  let other: TestService;
  const keys: Record<string, string> = {};

  beforeAll(async () => {
    test = await RealtimeUnderTest.start();
    [one, other] = await Promise.all([test.startGateway(), test.startGateway()]);
    for (const id of [tenant, 'shop']) keys[id] = await one.running.app.get(ApiKeys).create(id, 'admin', ['admin']);
    expect((await allow(tenant, [app, local])).status).toBe(200);
    expect((await allow('shop', [shop, local])).status).toBe(200);
    await until('the other replica knows', async () => (await preflight(shop, undefined, other)).allowed === shop);
  });
  afterAll(() => test?.close());

  interface Asked {
    origin?: string;
    credential?: string;
    body?: unknown;
    headers?: Record<string, string>;
    replica?: TestService;
  }
  async function ask(method: string, path: string, { origin, credential, body, headers, replica = one }: Asked = {}) {
    const answer = await fetch(replica.running.url + path, {
      method,
      headers: {
        ...(origin !== undefined && { origin }),
        ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      allowed: answer.headers.get('access-control-allow-origin'),
      json: text.startsWith('{') ? JSON.parse(text) : undefined,
    };
  }
  const allow = (of: string, origins: unknown) =>
    ask('PUT', '/v1/admin/origins', { credential: keys[of], body: { origins } });
  const preflight = (origin: string, method = 'GET', replica = one, path = '/v1/notifications') =>
    ask('OPTIONS', path, {
      origin,
      replica,
      headers: {
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,idempotency-key',
      },
    });

  it('are a list of the tenant, with who set it', async () => {
    expect(await ask('GET', '/v1/admin/origins', { credential: keys.shop })).toMatchObject({
      status: 200,
      json: { origins: [shop, local], updated_at: expect.any(String), updated_by: 'admin' },
    });
    const fresh = await one.running.app.get(ApiKeys).create('third', 'admin', ['admin']);
    expect(await ask('GET', '/v1/admin/origins', { credential: fresh })).toMatchObject({
      json: { origins: [], updated_at: null, updated_by: null },
    });
    expect(await allow('shop', [shop, `${shop}/`])).toMatchObject({
      status: 400,
      json: {
        code: 'invalid_body',
        errors: [{ path: 'origins[1]', message: `must be written as browsers send it: ${shop}` }],
      },
    });
  });

  it('call the routes of client apps for recipients of a tenant that allows them, and read the answers', async () => {
    const recipient = someone();
    const [id] = await test.notify(recipient);
    const credential = await tokenOf(one, recipient);
    const listed = await ask('GET', '/v1/notifications', { origin: app, credential });
    expect([listed.status, listed.allowed, listed.headers.get('vary')]).toEqual([200, app, 'Origin']);
    expect(listed.json.data).toHaveLength(1);
    expect(listed.headers.get('ratelimit')).toMatch(/"recipient"/);
    const exposed = listed.headers.get('access-control-expose-headers')!.toLowerCase().split(', ');
    expect(exposed).toEqual(expect.arrayContaining(['ratelimit', 'ratelimit-policy', 'retry-after']));
    expect(listed.headers.has('access-control-allow-credentials')).toBe(false);

    const headers = { 'idempotency-key': crypto.randomUUID() };
    const read = () =>
      ask('POST', `/v1/notifications/${id}/read`, { origin: app, credential, headers, replica: other });
    expect(await read()).toMatchObject({ status: 200, allowed: app, json: { read: true } });
    const again = await read();
    expect([again.allowed, again.headers.get('idempotency-replayed')]).toEqual([app, 'true']);
  });

  it('of nobody, or of another tenant, do nothing and read nothing', async () => {
    const recipient = someone();
    const [id] = await test.notify(recipient);
    const credential = await tokenOf(one, recipient);
    for (const origin of [nobodys, shop, 'null', '', `${app}:8443`, 'http://app.school.example', app.toUpperCase()])
      for (const [method, path] of [
        ['POST', `/v1/notifications/${id}/read`],
        ['GET', '/v1/notifications'],
      ] as const) {
        const { status, allowed, json, headers } = await ask(method, path, { origin, credential });
        expect([origin, method, status, json.code, allowed]).toEqual([origin, method, 403, 'origin_not_allowed', null]);
        expect([json.detail, headers.get('vary')]).toEqual([
          expect.stringContaining('PUT /v1/admin/origins'),
          'Origin',
        ]);
      }
    const { json } = await ask('GET', `/v1/notifications/${id}`, { credential });
    expect(json).toMatchObject({ id, read: false });
  });

  it('of our own host, and whatever is no browser, need no list', async () => {
    const credential = await tokenOf(one, someone(), 'third');
    for (const origin of [undefined, one.running.url]) {
      const { status, headers } = await ask('GET', '/v1/notifications', { origin, credential });
      expect([origin, status, headers.get('vary')]).toEqual([origin, 200, 'Origin']);
    }
    expect((await ask('GET', '/v1/notifications', { credential })).allowed).toBeNull();
  });

  it('read what went wrong, also before it is known whose request it is', async () => {
    const credential = await tokenOf(one, someone());
    const expired = await tokenUntil(one, someone(), new Date(Date.now() - 60_000));
    const cases: [number, string, string, Asked][] = [
      [401, 'GET', '/v1/notifications', {}],
      [401, 'GET', '/v1/notifications', { credential: expired }],
      [400, 'GET', '/v1/notifications?limit=0', { credential }],
      [400, 'PUT', '/v1/preferences', { credential, body: '{' }],
      [413, 'PUT', '/v1/preferences', { credential, body: `"${'x'.repeat(5 * 1024 * 1024)}"` }],
      [415, 'PUT', '/v1/preferences', { credential, body: 'x', headers: { 'content-type': 'application/xml' } }],
      [404, 'GET', `/v1/notifications/${crypto.randomUUID()}`, { credential }],
      [403, 'GET', '/v1/notifications', { credential: keys[tenant] }],
    ];
    for (const [status, method, path, asked] of cases) {
      const answer = await ask(method, path, { ...asked, origin: app });
      expect([path, answer.status, answer.allowed, answer.json?.status]).toEqual([path, status, app, status]);
      expect([path, (await ask(method, path, { ...asked, origin: nobodys })).allowed]).toEqual([path, null]);
    }
    // Once it is known, the tenant's own list counts.
    expect((await ask('GET', '/v1/notifications', { credential: keys[tenant], origin: shop })).allowed).toBeNull();
    expect((await ask('GET', '/v1/notifications', { origin: shop })).allowed).toBe(shop);
  });

  it('read that there were too many requests', async () => {
    const strict = await test.startGateway({ RATE_LIMIT_PER_RECIPIENT: '1' });
    const credential = await tokenOf(strict, someone());
    const answers = await Promise.all(
      [1, 2, 3].map(() => ask('GET', '/v1/notifications', { origin: app, credential, replica: strict })),
    );
    const refused = answers.find(({ status }) => status === 429)!;
    expect([refused.allowed, refused.headers.has('retry-after')]).toEqual([app, true]);
  });

  it('ask before they send, and are told what they may', async () => {
    const { status, allowed, headers } = await preflight(app, 'DELETE');
    expect([status, allowed, headers.get('vary')]).toEqual([204, app, 'Origin']);
    expect(headers.get('access-control-allow-methods')!.split(', ').sort()).toEqual(['DELETE', 'GET']);
    const taken = headers.get('access-control-allow-headers')!.toLowerCase().split(', ');
    expect(taken).toEqual(expect.arrayContaining(['authorization', 'content-type', 'idempotency-key']));
    expect(Number(headers.get('access-control-max-age'))).toBeGreaterThan(0);
    expect(headers.has('access-control-allow-credentials')).toBe(false);

    expect((await preflight(shop, 'HEAD')).allowed).toBe(shop);
    expect((await preflight(one.running.url)).allowed).toBe(one.running.url);
    for (const [origin, method] of [
      [nobodys, 'GET'],
      ['null', 'GET'],
      [app, 'PUT'],
      [app, 'TRACE'],
    ] as const) {
      const refused = await preflight(origin, method);
      const names = [...refused.headers.keys()].filter((name) => name.startsWith('access-control-'));
      expect([origin, method, refused.status, names]).toEqual([origin, method, 204, []]);
    }
    const plain = await ask('OPTIONS', '/v1/notifications');
    expect([plain.status, plain.headers.get('allow'), plain.allowed]).toEqual([204, 'GET, DELETE', null]);
  });

  it('get nowhere but to what recipients’ tokens open, on any route that there is', async () => {
    const routes = one.running.app.get(DescribedRoutes).all();
    for (const { method, path, rule } of routes) {
      const { allowed, headers } = await preflight(app, method.toUpperCase(), one, path.replace(/\{\w+\}/g, 'x'));
      const expected = rule!.access === 'recipient' ? app : null;
      expect([method, path, allowed]).toEqual([method, path, expected]);
      expect([path, headers.has('access-control-allow-methods')]).toEqual([path, expected !== null]);
    }
    expect(routes.filter(({ rule }) => rule!.access === 'recipient').length).toBeGreaterThan(15);
    for (const path of ['/v1/nothing', '/health/live', '/metrics'])
      expect([path, (await preflight(app, 'GET', one, path)).allowed]).toEqual([path, null]);
    // Not with a key that opens it, either.
    for (const [method, path] of [
      ['GET', '/v1/admin/origins'],
      ['PUT', '/v1/admin/origins'],
      ['GET', '/v1/admin/tenants'],
    ] as const)
      expect((await ask(method, path, { origin: app, credential: keys[tenant] })).allowed).toBeNull();
  });

  it('of a tenant that is suspended are not let in any more', async () => {
    const standings = one.running.app.get(TenantStandings);
    await standings.put('shop', 'suspended');
    try {
      expect([(await preflight(shop)).allowed, (await preflight(local)).allowed]).toEqual([null, local]);
    } finally {
      await standings.put('shop', 'active');
    }
    expect((await preflight(shop)).allowed).toBe(shop);
  });

  it('may be named for all tenants by the settings', async () => {
    const lenient = await test.startGateway({ REALTIME_ORIGINS: 'capacitor://localhost, https://App.partner.example' });
    const credential = await tokenOf(lenient, someone(), 'third');
    for (const origin of ['capacitor://localhost', 'https://app.partner.example'])
      expect(await ask('GET', '/v1/notifications', { origin, credential, replica: lenient })).toMatchObject({
        status: 200,
        allowed: origin,
      });
    expect((await ask('GET', '/v1/notifications', { origin: app, credential, replica: lenient })).status).toBe(403);
  });

  it('open WebSockets for recipients of a tenant that allows them', async () => {
    const ends = async (origin: string, of: string) => {
      const token = await tokenOf(one, someone(), of);
      const client = test.client(one, { token, headers: { origin }, reconnects: false });
      await until('it is decided', () => client.ends.length > 0 || client.counts.length > 0);
      client.socket.disconnect();
      return client.ends[0];
    };
    expect(await ends(app, tenant)).toBe('io client disconnect');
    expect(await ends(app, 'shop')).toBe('origin_not_allowed');
    expect(await ends(nobodys, tenant)).toBe('websocket error');
  });

  it('are let in and out again by every replica as the list changes, with the sockets they have', async () => {
    const recipient = someone();
    const credential = await tokenOf(one, recipient);
    const late = 'https://late.school.example';
    const statuses = () =>
      Promise.all(
        [one, other].map(
          async (replica) => (await ask('GET', '/v1/notifications', { origin: late, credential, replica })).status,
        ),
      );
    expect(await statuses()).toEqual([403, 403]);
    await allow(tenant, [app, local, late]);
    expect((await ask('GET', '/v1/notifications', { origin: late, credential })).status).toBe(200);
    await until('the other replica knows', async () => (await statuses()).every((status) => status === 200));

    const open = await Promise.all(
      [one, other].flatMap((replica) =>
        [late, app].map((origin) => test.connected(replica, { recipient, headers: { origin }, reconnects: false })),
      ),
    );
    await allow(tenant, [app, local]);
    await until('its sockets are closed', () => open.every(({ ends }, n) => n % 2 === 1 || ends.length === 2));
    expect(open.map(({ ends }) => ends[0])).toEqual(['origin_not_allowed', undefined, 'origin_not_allowed', undefined]);
    expect(await statuses()).toEqual([403, 403]);
  });

  it('read that something is away', async () => {
    await test.stopInbox();
    const impatient = await test.startGateway({ REQUEST_TIME_LIMIT_MS: '1000' });
    const credential = await tokenOf(one, someone());
    for (const [replica, status] of [
      [one, 503],
      [impatient, 504],
    ] as const)
      expect(await ask('GET', '/v1/notifications', { origin: app, credential, replica })).toMatchObject({
        status,
        allowed: app,
      });
  });
});
