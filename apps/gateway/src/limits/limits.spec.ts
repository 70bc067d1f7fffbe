import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, testBroker, testDatabase, unique, until, type TestService } from '@carillon/testing';
import { SignJWT } from 'jose';
import { ApiKeys } from '../access/api-keys.ts';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import { TokenKeys } from '../access/token-keys.ts';
import { ExpiredRows } from '../expiry/expired-rows.ts';
import { service } from '../service.ts';

describe('limits', () => {
  let replicas: TestService[];
  let remove: () => Promise<void>;

  beforeAll(async () => {
    const database = await testDatabase({ [service.name]: service.migrations });
    const broker = await testBroker();
    remove = async () => {
      await broker.close();
      await database.drop();
    };
    const env = {
      RATE_LIMIT_PER_KEY: '60',
      RATE_LIMIT_PER_RECIPIENT: '40',
      RATE_LIMIT_PER_TENANT: '100',
      REQUEST_TIME_LIMIT_MS: '1000',
      HEADERS_TIMEOUT_MS: '1000',
      BODY_TIMEOUT_MS: '2000',
      MAX_CONNECTIONS: '200',
      RATE_LIMIT_WRONG_CREDENTIALS: '40',
      TRUSTED_PROXIES: '127.0.0.1',
      BOUNCE_WEBHOOK_SECRET: 'a-secret-of-the-mail-server',
    };
    const shared = { database, broker };
    replicas = [await startTestService(service, env, shared), await startTestService(service, env, shared)];
  }, 60_000);

  afterAll(async () => {
    for (const replica of replicas ?? []) await replica.close();
    await remove?.();
  });

  async function get(path: string, credential: string, replica = 0) {
    const response = await fetch(replicas[replica]!.running.url + path, {
      headers: { authorization: `Bearer ${credential}` },
    });
    const { status, headers } = response;
    return { status, headers, json: (await response.json()) as any };
  }
  const keyOf = (tenant: string) => replicas[0]!.running.app.get(ApiKeys).create(tenant, unique(), ['admin']);
  const letters = '/v1/admin/dead-letters';

  /** The statuses of so many requests, by turns to both replicas, a few at a time. */
  async function many(count: number, credential: string, path = letters): Promise<Awaited<ReturnType<typeof get>>[]> {
    const answers: Awaited<ReturnType<typeof get>>[] = [];
    for (let from = 0; from < count; from += 10) {
      const batch = Array.from({ length: Math.min(10, count - from) }, (_, n) => get(path, credential, (from + n) % 2));
      answers.push(...(await Promise.all(batch)));
    }
    return answers;
  }
  const count = (answers: { status: number }[], status: number) =>
    answers.filter((answer) => answer.status === status).length;

  describe('of rate', () => {
    it('are kept by both replicas together, key by key, and tell where one stands', async () => {
      const tenant = unique();
      const key = await keyOf(tenant);
      const answers = await many(90, key);
      // A twentieth of the limit may be left with a replica that has no request for it.
      expect(count(answers, 200)).toBeLessThanOrEqual(60);
      expect(count(answers, 200)).toBeGreaterThanOrEqual(57);
      expect(count(answers, 200) + count(answers, 429)).toBe(90);

      const [first] = answers;
      expect(first!.headers.get('ratelimit-policy')).toBe('"key";q=60;w=60, "tenant";q=100;w=60');
      expect(first!.headers.get('ratelimit')).toMatch(/^"key";r=\d+;t=\d+, "tenant";r=\d+;t=\d+$/);
      const last = answers.findLast(({ status }) => status === 429)!;
      expect(last.headers.get('content-type')).toContain('application/problem+json');
      expect(last.json).toMatchObject({
        code: 'too_many_requests',
        detail: expect.stringContaining('60 a minute by one key'),
      });
      expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(30);
      expect(last.headers.get('ratelimit')).toMatch(/^"key";r=0;t=\d+, /);

      const other = await many(90, await keyOf(tenant));
      expect(count(other, 200)).toBeLessThanOrEqual(43);
      expect(count(other, 200)).toBeGreaterThanOrEqual(35);
      expect(other.find(({ status }) => status === 429)!.json.detail).toContain('100 a minute by one tenant');
      expect(count(await many(10, await keyOf(unique())), 200)).toBe(10);
    });

    it('refuse nobody while there is room, however many come at once', async () => {
      const key = await keyOf(unique());
      const answers = await Promise.all(Array.from({ length: 50 }, () => get(letters, key)));
      expect(count(answers, 200)).toBe(50);
      expect(count(await Promise.all(Array.from({ length: 50 }, () => get(letters, key))), 200)).toBe(10);
    });

    it('of recipients leave the servers of their tenant what is theirs', async () => {
      const tenant = unique();
      const tokens = replicas[0]!.running.app.get(RecipientTokens);
      const statuses: number[] = [];
      for (const recipient of ['amina', 'bo', 'cleo']) {
        const { token } = await tokens.mint(tenant, recipient);
        // There is no inbox in this test; a query that is refused counts like any other.
        const answers = await many(50, token, '/v1/notifications?limit=0');
        expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"recipient";q=40;w=60, "tenant";q=100;w=60');
        statuses.push(count(answers, 400));
      }
      expect(statuses[0]! + statuses[1]! + statuses[2]!).toBeLessThanOrEqual(100);
      expect(Math.max(...statuses)).toBeLessThanOrEqual(40);
      expect(Math.min(statuses[0]!, statuses[1]!)).toBeGreaterThanOrEqual(37);
      expect(count(await many(50, await keyOf(tenant)), 200)).toBe(50);
    });

    it('begin anew with the next window, and leave nothing behind', async () => {
      const key = await keyOf(unique());
      await many(80, key);
      const { database, running } = replicas[0]!;
      await database.query(`UPDATE gateway.rate_windows SET began_at = began_at - interval '1 minute'`);
      // Replicas stay with what they know until their own clock says that the window is over; a third one knows nothing.
      const third = await startTestService(service, { RATE_LIMIT_PER_KEY: '60' }, replicas[0]);
      try {
        const response = await fetch(third.running.url + letters, { headers: { authorization: `Bearer ${key}` } });
        expect(response.status).toBe(200);
        await response.body?.cancel();
      } finally {
        await third.running.close();
        await third.messages.close();
      }
      await database.query(`UPDATE gateway.rate_windows SET began_at = now() - interval '61 minutes'`);
      await running.app.get(ExpiredRows).remove();
      expect(await database.query('SELECT FROM gateway.rate_windows')).toEqual([]);
    });
  });

  it('of time are answered as a problem', async () => {
    // Nobody answers for recipients in this test.
    const { names, channel } = replicas[0]!.broker;
    await channel.assertQueue(names.rpcQueue('preferences'), { durable: true });
    const answer = await get('/v1/recipients/amina', await keyOf(unique()));
    expect(answer).toMatchObject({ status: 504, json: { code: 'took_too_long' } });
    expect(answer.headers.get('retry-after')).toBe('5');

    // What is still being carried out is not begun again.
    const tenant = unique();
    const late = await fetch(`${replicas[0]!.running.url}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await keyOf(tenant)}`,
        'content-type': 'application/json',
        'idempotency-key': unique(),
      },
      body: JSON.stringify({ type: 'welcome', recipients: ['amina'] }),
    });
    expect([late.status, ((await late.json()) as any).code]).toEqual([504, 'took_too_long']);
    const held = await replicas[0]!.database.query(
      'SELECT answer, leased_until > now() AS held FROM gateway.idempotency_keys WHERE tenant = $1',
      [tenant],
    );
    expect(held).toEqual([{ answer: null, held: true }]);
  });

  describe('of wrong credentials', () => {
    let addresses = 0;
    const freshAddress = () => `198.51.100.${++addresses}`;

    async function ask(path: string, address: string, headers: Record<string, string>, replica = 0, method = 'GET') {
      const response = await fetch(replicas[replica]!.running.url + path, {
        method,
        headers: { 'x-forwarded-for': address, ...headers },
      });
      const { status } = response;
      return { status, headers: response.headers, json: (await response.json().catch(() => ({}))) as any };
    }
    const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
    const wrongKey = () => bearer(`ck_${unique()}${unique()}`);
    /** The statuses of so many attempts, by turns at both replicas. */
    async function attempts(count: number, one: (each: number, replica: number) => Promise<{ status: number }>) {
      const statuses: number[] = [];
      for (let each = 0; each < count; each++) statuses.push((await one(each, each % 2)).status);
      return statuses;
    }
    const refused = (statuses: number[]) => statuses.filter((status) => status === 429).length;
    const wrongToken = (tenant: string) =>
      new SignJWT({ tenant }).setProtectedHeader({ alg: 'HS256' }).setSubject('amina').setExpirationTime('1 h');

    it('are kept by both replicas together for an address, which what is good goes on from', async () => {
      const address = freshAddress();
      const tenant = unique();
      const key = await keyOf(tenant);
      const { token } = await replicas[0]!.running.app.get(RecipientTokens).mint(tenant, 'amina');
      for (const replica of [0, 1]) {
        expect((await ask(letters, address, bearer(key), replica)).status).toBe(200);
        expect((await ask('/v1/notifications?limit=0', address, bearer(token), replica)).status).toBe(400);
      }
      const forged = await wrongToken(tenant).sign(new TextEncoder().encode('x'.repeat(32)));
      const kinds = [
        () => wrongKey(),
        () => bearer(forged),
        () => ({ cookie: `carillon_session=${unique().padEnd(43, 'x').slice(0, 43)}` }),
      ];
      const statuses = await attempts(60, (each, replica) => ask(letters, address, kinds[each % 3]!(), replica));
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      expect(refused(statuses)).toBeGreaterThanOrEqual(20);
      expect(refused(statuses)).toBeLessThanOrEqual(24);

      const answer = await ask(letters, address, wrongKey());
      expect(answer).toMatchObject({ status: 429, json: { code: 'too_many_attempts' } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(30);
      // What was good before is not held up, nor what needs no look; what nobody knows yet is. Elsewhere nothing is.
      const { token: fresh } = await replicas[0]!.running.app.get(RecipientTokens).mint(tenant, 'bo');
      for (const replica of [0, 1]) {
        expect((await ask(letters, address, bearer(key), replica)).status).toBe(200);
        for (const one of [token, fresh])
          expect((await ask('/v1/notifications?limit=0', address, bearer(one), replica)).status).toBe(400);
        expect((await ask(letters, address, bearer(await keyOf(tenant)), replica)).status).toBe(429);
      }
      expect((await ask(letters, freshAddress(), wrongKey())).status).toBe(401);
      expect((await ask(letters, address, {})).status).toBe(401);
      const metrics = await (await fetch(`${replicas[0]!.running.url}/metrics`)).text();
      expect(metrics).toMatch(/carillon_credentials_refused_total\{kind="api_key"\} [1-9]/);
      expect(metrics).toMatch(/carillon_requests_limited_total\{policy="address"\} [1-9]/);
      const kept = JSON.stringify(await replicas[0]!.database.query('SELECT * FROM gateway.rate_windows'));
      expect(kept).not.toContain(address);
    });

    it('hold up no token of a tenant’s own secret that the replica has seen before', async () => {
      const address = freshAddress();
      const [tenant, unseen] = [unique(), unique()];
      const keys = replicas[0]!.running.app.get(TokenKeys);
      const secret = 'a secret of the school that is long enough';
      const signed = async (whose: string) => {
        await keys.addSecret(whose, { kid: 'k', secret, by: 'test' });
        const token = await wrongToken(whose).setAudience('carillon').sign(new TextEncoder().encode(secret));
        return () => ask('/v1/notifications?limit=0', address, bearer(token));
      };
      const [seen, other] = [await signed(tenant), await signed(unseen)];
      expect((await seen()).status).toBe(400);
      await attempts(60, (_, replica) => ask(letters, address, wrongKey(), replica));
      // What was remembered of its keys is over after a few seconds.
      keys.forget(tenant);
      expect((await seen()).status).toBe(400);
      expect((await other()).status).toBe(429);
    });

    it('count a whole IPv6 network of a customer as one', async () => {
      const statuses = await attempts(60, (each, replica) =>
        ask(letters, `2001:db8:7:7::${each.toString(16)}`, wrongKey(), replica),
      );
      expect(refused(statuses)).toBeGreaterThanOrEqual(20);
      expect((await ask(letters, '2001:db8:7:8::1', wrongKey())).status).toBe(401);
    });

    it('count tokens that are over against their recipient, not the address that a school shares', async () => {
      const address = freshAddress();
      const tenant = unique();
      const tokens = replicas[0]!.running.app.get(RecipientTokens);
      const secret = 'a secret of the school that is long enough';
      await replicas[0]!.running.app.get(TokenKeys).addSecret(tenant, { kid: 'k', secret, by: 'test' });
      const over = await new SignJWT({ tenant })
        .setProtectedHeader({ alg: 'HS256', kid: 'k' })
        .setSubject('amina')
        .setAudience('carillon')
        .setExpirationTime(Math.floor(Date.now() / 1000) - 3_600)
        .sign(new TextEncoder().encode(secret));
      const path = '/v1/notifications?limit=0';
      const statuses = await attempts(60, (_, replica) => ask(path, address, bearer(over), replica));
      expect(refused(statuses)).toBeGreaterThanOrEqual(20);
      for (const recipient of ['amina', 'bo']) {
        const { token } = await tokens.mint(tenant, recipient);
        expect((await ask(path, address, bearer(token))).status).toBe(400);
      }
      expect((await ask(letters, address, wrongKey())).status).toBe(401);
    });

    it('are those of webhooks, too, and genuine ones are taken all the same', async () => {
      const address = freshAddress();
      const post = (secret: string, replica = 0) =>
        ask(`/webhooks/bounces/${secret}`, address, { 'content-type': 'message/rfc822' }, replica, 'POST');
      const statuses = await attempts(60, (each, replica) => post(`another-secret-${each}`, replica));
      expect(new Set(statuses)).toEqual(new Set([403, 429]));
      expect(refused(statuses)).toBeGreaterThanOrEqual(20);
      expect((await post('a-secret-of-the-mail-server')).status).toBe(204);
    });
  });

  describe('of clients that are slow', () => {
    const open = async (): Promise<{ socket: Socket; answer: () => string; closed: Promise<unknown> }> => {
      const { port } = new URL(replicas[0]!.running.url);
      const socket = connect(Number(port), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return { socket, answer: () => text, closed: new Promise((resolve) => socket.once('close', resolve)) };
    };

    it('drop those that send their headers bit by bit, and serve others meanwhile', async () => {
      const key = await keyOf(unique());
      const slow = await Promise.all(Array.from({ length: 50 }, open));
      const dripping = setInterval(() => {
        for (const { socket } of slow) if (socket.writable) socket.write('X-Drip: 1\r\n');
      }, 100);
      for (const { socket } of slow) socket.write('GET /v1/admin/dead-letters HTTP/1.1\r\nHost: gateway\r\n');
      try {
        expect((await get(letters, key)).status).toBe(200);
        await Promise.all(slow.map(({ closed }) => closed));
        expect(slow[0]!.answer()).toContain('HTTP/1.1 408 Request Timeout');
        expect(slow[0]!.answer()).toContain('"code":"request_timeout"');
      } finally {
        clearInterval(dripping);
        for (const { socket } of slow) socket.destroy();
      }
    });

    it('drop those that send their body bit by bit', async () => {
      const key = await keyOf(unique());
      const { socket, answer, closed } = await open();
      socket.write(
        `POST /v1/events HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`,
      );
      const dripping = setInterval(() => socket.writable && socket.write(' '), 100);
      await closed.finally(() => clearInterval(dripping));
      expect(answer()).toContain('HTTP/1.1 408 Request Timeout');
    });

    it('take no more connections than there may be', async () => {
      const held = await Promise.all(Array.from({ length: 220 }, () => open().catch(() => undefined)));
      const there = () => held.filter((one) => one && !one.socket.destroyed).length;
      await until('what is too many is dropped', () => there() <= 200);
      for (const one of held) one?.socket.destroy();
      const key = await keyOf(unique());
      await until('there is room again', async () => (await get(letters, key)).status === 200);
    });

    it('answer what is no HTTP, and headers without end, with problems', async () => {
      for (const [text, status] of [
        ['HELLO\r\n\r\n', '400 Bad Request'],
        [`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431 Request Header Fields Too Large'],
      ] as const) {
        const { socket, answer, closed } = await open();
        socket.write(text);
        await closed;
        expect(answer()).toContain(`HTTP/1.1 ${status}\r\nContent-Type: application/problem+json`);
      }
    });
  });
});
