import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deadLetter, domainEvent, freshId, notificationRouted, type CloudEvent } from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { SignJWT } from 'jose';
import { ApiKeys } from './access/api-keys.ts';
import { RecipientTokens } from './access/recipient-tokens.ts';
import { service } from './service.ts';

const admin = 'ck_development-key-for-tests-only';

describe('the gateway', () => {
  let test: TestService;

  beforeAll(async () => {
    test = await startTestService(service, { DEV_API_KEY: admin });
  });

  afterAll(() => test.close());

  async function call(
    method: string,
    path: string,
    { key = admin, body, headers = {} }: { key?: string | null; body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const response = await fetch(test.running.url + path, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const type = response.headers.get('content-type') ?? '';
    return {
      status: response.status,
      type,
      headers: response.headers,
      json: type.includes('json') ? await response.json() : undefined,
    };
  }

  describe('access', () => {
    it('refuses a request without, with a malformed and with an unknown credential', async () => {
      for (const authorization of [
        undefined,
        'Basic abc',
        'Bearer',
        'Bearer ck_unknown-key-unknown-key-00',
        'Bearer a.b.c',
        `Bearer ${'x'.repeat(9000)}`,
      ]) {
        const answer = await call('GET', '/v1/admin/dead-letters', {
          key: null,
          headers: authorization ? { authorization } : {},
        });
        expect(answer).toMatchObject({ status: 401, json: { code: 'unauthorized' } });
        expect(answer.type).toContain('application/problem+json');
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
    });

    it('holds an API key to its scopes, and recipients to their own routes', async () => {
      const key = await test.running.app.get(ApiKeys).create('default', 'events only', ['events:write']);
      expect(await call('GET', '/v1/admin/dead-letters', { key })).toMatchObject({
        status: 403,
        json: {
          detail: 'This needs an API key with the scope admin or a member with the role support or above.',
        },
      });
      expect(await call('GET', '/v1/notifications', { key })).toMatchObject({
        status: 403,
        json: { detail: 'This needs a recipient token.' },
      });
      const { token } = await test.running.app.get(RecipientTokens).mint('default', 'amina');
      expect(await call('GET', '/v1/admin/dead-letters', { key: token })).toMatchObject({ status: 403 });
      expect(await call('POST', '/v1/events', { key: token, body: {} })).toMatchObject({ status: 403 });
    });

    it('refuses expired keys and forged, expired, foreign or unsigned tokens', async () => {
      const key = await test.running.app.get(ApiKeys).create('default', 'expired', ['admin']);
      await test.database.query(
        `UPDATE gateway.api_keys SET expires_at = now() - interval '1 second' WHERE name = 'expired'`,
      );
      expect((await call('GET', '/v1/admin/dead-letters', { key })).status).toBe(401);

      const claims = (secret: Uint8Array, exp: string | number, tenant = 'default') =>
        new SignJWT({ tenant })
          .setProtectedHeader({ alg: 'HS256' })
          .setSubject('amina')
          .setAudience('carillon')
          .setExpirationTime(exp)
          .sign(secret);
      const forged = await claims(new TextEncoder().encode('some other secret of 32 characters'), '1h');
      const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged.split('.')[1]}.`;
      const tokens = test.running.app.get(RecipientTokens);
      const keyOf = (tenant: string) => (tokens as unknown as { keyOf(t: string): Uint8Array }).keyOf(tenant);
      const expired = await claims(keyOf('default'), Math.floor(Date.now() / 1000) - 10);
      const foreign = await claims(keyOf('other'), '1h', 'default');
      for (const token of [forged, unsigned, expired, foreign])
        expect((await call('GET', '/v1/notifications', { key: token })).status).toBe(401);
    });

    it('stores keys only as hashes', async () => {
      const rows = await test.database.query('SELECT * FROM gateway.api_keys');
      expect(JSON.stringify(rows)).not.toContain(admin);
    });
  });

  describe('bad input', () => {
    const event = (body: unknown, headers?: Record<string, string>) => call('POST', '/v1/events', { body, headers });

    it('names invalid JSON, a missing body and a wrong content type', async () => {
      expect(await event('{"type":')).toMatchObject({ status: 400, json: { code: 'invalid_json' } });
      expect(await call('POST', '/v1/events')).toMatchObject({ status: 400, json: { code: 'invalid_body' } });
      expect(await event('type: welcome', { 'content-type': 'text/yaml' })).toMatchObject({
        status: 415,
        json: { code: 'unsupported_media_type' },
      });
    });

    it('names what no database keeps and what would overflow a stack, wherever it stands', async () => {
      const recipients = ['amina'];
      expect(await event({ type: 'welcome', recipients, metadata: { order: { note: 'a\0b' } } })).toMatchObject({
        status: 400,
        json: { errors: [{ path: 'metadata.order.note', message: expect.stringContaining('NUL') }] },
      });
      const deep = '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000);
      for (const [method, path, body] of [
        ['POST', '/v1/events', `{"type":"welcome","recipients":["amina"],"data":${deep}}`],
        ['PUT', '/v1/recipients/amina', `{"attributes":${deep}}`],
        ['POST', '/v1/recipients/bulk', `{"recipients":[${deep}]}`],
      ] as const) {
        expect(await call(method, path, { body })).toMatchObject({
          status: 400,
          json: { code: 'invalid_body', errors: [{ path: '(root)', message: 'must be at most 100 levels deep' }] },
        });
      }
      const many = JSON.stringify({ type: 'welcome', recipients, data: { list: Array(600_000).fill(0) } });
      expect(await call('POST', '/v1/events', { body: many })).toMatchObject({
        status: 400,
        json: { errors: [{ path: '(root)', message: expect.stringContaining('at most 500000 values') }] },
      });
      expect(await call('GET', '/v1/admin/recipients?role=%00')).toMatchObject({
        status: 400,
        json: { code: 'invalid_query', errors: [{ path: 'role', message: expect.stringContaining('NUL') }] },
      });
      expect(await call('DELETE', '/v1/admin/suppressions/email/%00')).toMatchObject({
        status: 400,
        json: { code: 'invalid_path', errors: [{ path: 'address', message: expect.stringContaining('NUL') }] },
      });
      const noted = { channel: 'email', address: 'amina@example.org', note: 'a\0b' };
      expect(await call('POST', '/v1/admin/suppressions', { body: noted })).toMatchObject({
        status: 400,
        json: { errors: [{ path: 'note', message: expect.stringContaining('NUL') }] },
      });
    });

    it('answers paths that cannot be read with problems too', async () => {
      const longest = await call('DELETE', `/v1/admin/suppressions/fax/${'a'.repeat(2048)}`);
      expect(longest).toMatchObject({ status: 404, json: { code: 'not_found' } });
      for (const [path, status] of [
        ['/v1/recipients/%ff', 400],
        [`/v1/recipients/${'x'.repeat(2049)}`, 414],
      ] as const) {
        const answer = await call('GET', path);
        expect(answer).toMatchObject({ status, json: { code: 'invalid_path', detail: expect.any(String) } });
        expect(answer.type).toContain('application/problem+json');
      }
    });

    it('names every wrong field and what would be right', async () => {
      const { status, json } = await event({
        type: 'wel come',
        recipients: [],
        send_at: 'tomorrow',
        channels: ['pigeon'],
        colour: 'red',
      });
      expect(status).toBe(400);
      expect(json).toMatchObject({ code: 'invalid_body' });
      expect(json.errors).toEqual(
        expect.arrayContaining([
          { path: 'type', message: 'must be 1 to 128 letters, digits, ".", "_" and "-"' },
          { path: 'recipients', message: 'name at least one recipient' },
          { path: 'send_at', message: 'must be an RFC 3339 time with a zone, such as 2026-11-21T09:30:00Z' },
          { path: 'channels[0]', message: expect.stringContaining('in_app') },
          { path: 'colour', message: 'is not a known field; remove it' },
        ]),
      );
      expect(await event({ recipients: ['a'] })).toMatchObject({
        json: { errors: [{ path: 'type', message: 'is required unless content is given' }] },
      });
      expect(
        await event({ content: { title: 'x', message: 'y', link: 'javascript:alert(1)' }, recipients: ['a'] }),
      ).toMatchObject({
        json: { errors: [{ path: 'content.link' }] },
      });
    });

    it('answers unknown routes, ids, channels and cursors clearly', async () => {
      expect(await call('GET', '/v1/nothing')).toMatchObject({ status: 404, json: { code: 'not_found' } });
      expect(await call('GET', '/v1/admin/dead-letters/not-a-uuid')).toMatchObject({
        status: 404,
        json: { title: 'dead letter not found' },
      });
      expect(await call('GET', '/v1/admin/deliveries/pigeon')).toMatchObject({
        status: 404,
        json: { title: 'channel not found' },
      });
      expect(await call('GET', '/v1/admin/dead-letters?cursor=abc')).toMatchObject({
        status: 400,
        json: { errors: [{ path: 'cursor' }] },
      });
      expect(await call('GET', '/v1/admin/dead-letters?limit=1000&colour=red')).toMatchObject({
        status: 400,
        json: { code: 'invalid_query' },
      });
    });

    it('says 503 with Retry-After while a service it must ask has no consumer', async () => {
      const answer = await call('GET', '/v1/recipients/amina');
      expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } });
      expect(answer.json.detail).toContain('preferences did not answer within');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  });

  describe('dead letters', () => {
    const letter = { ...deadLetter.example, error: 'unknown type "x"', routing_key: 'x' };

    async function park(tenant: string | undefined): Promise<string> {
      const id = freshId();
      const body = JSON.stringify({ specversion: '1.0', id: 'e1', source: '/f', type: 'x', tenant });
      const exchange = test.broker.names.exchange('events');
      await test.messages.publish(deadLetter, { ...letter, exchange, body }, { id });
      await until(
        'it is kept',
        async () => (await test.database.query('SELECT 1 FROM gateway.dead_letters WHERE id = $1', [id])).length > 0,
      );
      return id;
    }

    it('are listed with their reason, in pages, newest first, each tenant’s own', async () => {
      const first = await park(undefined);
      const second = await park('default');
      await park('other');
      const page = await call('GET', '/v1/admin/dead-letters?limit=1');
      expect(page.json.data).toMatchObject([{ id: second, error: 'unknown type "x"', status: 'parked' }]);
      const next = await call('GET', `/v1/admin/dead-letters?limit=1&cursor=${page.json.next_cursor}`);
      expect(next.json).toMatchObject({ data: [{ id: first }], next_cursor: null });
    });

    it('can be replayed once, to where they were published', async () => {
      const replayed = (await test.broker.capture(domainEvent)) as CloudEvent[];
      const id = await park('default');
      expect(await call('POST', `/v1/admin/dead-letters/${id}/replay`)).toMatchObject({
        status: 202,
        json: { status: 'replayed' },
      });
      await until('it is back on the street', () => replayed.length === 1);
      expect(replayed[0]).toMatchObject({ id: 'e1', type: 'x', tenant: 'default' });
      expect(await call('POST', `/v1/admin/dead-letters/${id}/replay`)).toMatchObject({
        status: 409,
        json: { code: 'already_settled' },
      });
    });

    it('are kept as text where their message was packed, and replayed as the same event', async () => {
      const replayed = (await test.broker.capture(notificationRouted)) as CloudEvent[];
      const event = {
        specversion: '1.0',
        id: 'packed',
        source: '/f',
        type: notificationRouted.type,
        tenant: 'default',
      };
      const { data, ...rest } = { ...notificationRouted.example, data: { words: 'é'.repeat(10) } };
      const id = freshId();
      await test.messages.publish(
        deadLetter,
        {
          ...letter,
          exchange: test.broker.names.exchange('pipeline'),
          routing_key: 'routed.normal',
          properties: {
            contentType: 'application/json',
            contentEncoding: 'zstd',
            headers: { 'carillon-event': JSON.stringify({ ...event, data: rest }), 'carillon-bulk': 'data' },
          },
          body: zstdCompressSync(JSON.stringify(data)).toString('base64'),
          body_encoding: 'base64',
        },
        { id },
      );
      const kept = await until('it is kept', async () => {
        const { status, json } = await call('GET', `/v1/admin/dead-letters/${id}`);
        return status === 200 && json;
      });
      expect(kept).toMatchObject({
        body_encoding: 'utf8',
        properties: { contentType: 'application/cloudevents+json' },
      });
      expect(JSON.parse(kept.body)).toEqual({ ...event, data: { ...rest, data } });
      await call('POST', `/v1/admin/dead-letters/${id}/replay`);
      await until('it is back on the street', () => replayed.length === 1);
      expect(replayed[0]).toEqual(JSON.parse(kept.body));
    });

    it('can be discarded, and another tenant’s cannot be touched', async () => {
      const id = await park('default');
      const foreign = await park('other');
      expect(await call('POST', `/v1/admin/dead-letters/${id}/discard`)).toMatchObject({
        status: 202,
        json: { status: 'discarded' },
      });
      for (const path of ['', '/replay', '/discard']) {
        expect((await call(path ? 'POST' : 'GET', `/v1/admin/dead-letters/${foreign}${path}`)).status).toBe(404);
      }
    });

    it('include what the broker itself gave up on', async () => {
      test.broker.publish(
        'dead',
        'whatever',
        { specversion: '1.0', id: 'killer', source: '/f', type: 'y' },
        {
          headers: {
            'x-death': [{ queue: 'q', reason: 'delivery_limit', count: 1, exchange: 'e', 'routing-keys': ['k'] }],
          },
        },
      );
      const row = await until('it is kept', async () => {
        const rows = await test.database.query(`SELECT * FROM gateway.dead_letters WHERE stage = 'q'`);
        return rows[0];
      });
      expect(row).toMatchObject({ exchange: 'e', routing_key: 'k', error: expect.stringContaining('delivery_limit') });
    });
  });

  it('keeps a message that is no text at all, with its bytes', async () => {
    const bytes = Buffer.from([0x00, 0x41, 0x00]);
    await test.messages.publish(
      deadLetter,
      {
        ...deadLetter.example,
        error: 'not JSON: \0',
        body: bytes.toString('base64'),
        body_encoding: 'base64',
        properties: { headers: { 'a\0': '\0' } },
      },
      { id: freshId() },
    );
    const row = await until('it is kept', async () =>
      (await call('GET', '/v1/admin/dead-letters')).json.data.find(({ error }: any) => error === 'not JSON: \uFFFD'),
    );
    expect(row).toMatchObject({
      body: 'AEEA',
      body_encoding: 'base64',
      properties: { headers: { 'a\uFFFD': '\uFFFD' } },
    });
  });

  it('is live and ready, and counts what it did', async () => {
    expect(await call('GET', '/health/live', { key: null })).toMatchObject({ status: 200 });
    expect(await call('GET', '/health/ready', { key: null })).toMatchObject({ status: 200, json: { status: 'ok' } });
    const metrics = await (await fetch(`${test.running.url}/metrics`)).text();
    expect(metrics).toMatch(/carillon_items_consumed_total\{queue="[^"]+gateway\.dead",outcome="done"\}/);
  });
});
