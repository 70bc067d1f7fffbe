import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';
import { ApiKeys } from './api-keys.ts';
import { KeyUses } from './key-uses.ts';

const admin = 'ck_development-key-for-tests-only';
const path = '/v1/admin/api-keys';
const nothing = '/v1/admin/dead-letters';

describe('an API key', () => {
  let test: TestService;
  /** A second replica on the same database. */
  let replica: TestService;

  beforeAll(async () => {
    test = await startTestService(service, { DEV_API_KEY: admin });
    replica = await startTestService(service, {}, { database: test.database, broker: test.broker });
  });

  afterAll(async () => {
    await replica.close();
    await test.close();
  });

  async function call(method: string, path: string, body?: unknown, key = admin, at = test) {
    const response = await fetch(at.running.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as any };
  }

  async function made(wanted: object = {}) {
    const { status, json } = await call('POST', path, { name: 'billing', scopes: ['admin'], ...wanted });
    expect(status).toBe(201);
    return json;
  }

  it('is shown once, has 192 random bits, and is known afterwards by its first characters', async () => {
    const created = await made();
    expect(created).toMatchObject({ name: 'billing', scopes: ['admin'], state: 'active', created_by: 'development' });
    expect(created.key).toMatch(/^ck_[\w-]{32}$/);
    expect(created.prefix).toBe(created.key.slice(0, 11));
    const { key: _, ...seen } = created;
    expect((await call('GET', `${path}/${created.id}`)).json).toEqual(seen);
    expect((await call('GET', `${path}?limit=1`)).json.data).toEqual([seen]);
    const rows = await test.database.query('SELECT * FROM gateway.api_keys');
    expect(JSON.stringify(rows)).not.toContain(created.key);
    expect(await call('GET', nothing, undefined, created.key)).toMatchObject({ status: 200 });
  });

  it('is asked for in words that name what is wrong', async () => {
    const wrong = { name: ' ', scopes: ['admin', 'admin'], expires_at: '2020-01-01T00:00:00Z', colour: 'red' };
    const { status, json } = await call('POST', path, wrong);
    expect(status).toBe(400);
    expect(json.errors.map((error: any) => error.path).sort()).toEqual(['colour', 'expires_at', 'name', 'scopes']);
    expect((await call('POST', path, { name: 'x', scopes: ['everything'] })).json.errors[0].path).toBe('scopes[0]');
    expect((await call('POST', path, { name: 'x', scopes: [] })).json.errors[0].message).toBe(
      'name at least one scope',
    );
  });

  it('opens nothing once it has expired', async () => {
    const expires_at = new Date(Date.now() + 1500).toISOString();
    const { id, key } = await made({ expires_at });
    expect((await call('GET', nothing, undefined, key)).status).toBe(200);
    await until('it has expired', async () => (await call('GET', nothing, undefined, key)).status === 401);
    expect((await call('GET', `${path}/${id}`)).json).toMatchObject({ state: 'expired', expires_at });
  });

  it('is revoked here at once and on other replicas within seconds', async () => {
    const { id, key } = await made();
    for (const at of [test, replica]) expect((await call('GET', nothing, undefined, key, at)).status).toBe(200);
    const revoked = await call('DELETE', `${path}/${id}`);
    expect(revoked).toMatchObject({ status: 200, json: { state: 'revoked', revoked_at: expect.any(String) } });
    expect((await call('GET', nothing, undefined, key)).status).toBe(401);
    const gone = async () => (await call('GET', nothing, undefined, key, replica)).status === 401;
    await until('it is revoked on the other replica', gone);
    expect((await call('DELETE', `${path}/${id}`)).json).toEqual(revoked.json);
  });

  it('is replaced by one that may do the same, and goes on for the overlap only', async () => {
    const hour = 3_600_000;
    const old = await made({ scopes: ['events:write', 'recipients:write'] });
    const rotated = await call('POST', `${path}/${old.id}/rotate`, { overlap_seconds: 3600 });
    expect(rotated).toMatchObject({ status: 201, json: { name: 'billing', scopes: old.scopes, expires_at: null } });
    expect(rotated.json.key).not.toBe(old.key);
    const { json } = await call('GET', `${path}/${old.id}`);
    expect(json).toMatchObject({ state: 'active', successor: rotated.json.id });
    expect(Math.abs(Date.parse(json.expires_at) - Date.now() - hour)).toBeLessThan(hour / 10);
    expect(await call('POST', `${path}/${old.id}/rotate`, {})).toMatchObject({
      status: 409,
      json: { code: 'already_rotated' },
    });
    const short = await made();
    const { json: next } = await call('POST', `${path}/${short.id}/rotate`, { overlap_seconds: 0 });
    expect((await call('GET', nothing, undefined, short.key)).status).toBe(401);
    expect((await call('GET', nothing, undefined, next.key)).status).toBe(200);
    expect(await call('POST', `${path}/${short.id}/rotate`, {})).toMatchObject({ status: 409 });
  });

  it('of the settings has no successor, which would look after all tenants as it may', async () => {
    const own = (await call('GET', `${path}?limit=100`)).json.data.find(({ name }: any) => name === 'development');
    expect(own.scopes).toContain('platform');
    expect(await call('POST', `${path}/${own.id}/rotate`, {})).toMatchObject({
      status: 409,
      json: { code: 'set_by_settings' },
    });
    const wanted = { name: 'mine', scopes: ['platform'] };
    expect((await call('POST', path, wanted)).json.errors[0].path).toBe('scopes[0]');
  });

  it('lives as long as the one that it replaces was meant to, and lengthens nothing', async () => {
    const old = await made({ expires_at: new Date(Date.now() + 100_000).toISOString() });
    const { json: next } = await call('POST', `${path}/${old.id}/rotate`, { overlap_seconds: 86_400 });
    expect(Date.parse(next.expires_at) - Date.parse(next.created_at)).toBeGreaterThan(90_000);
    expect(Date.parse(next.expires_at) - Date.parse(next.created_at)).toBeLessThan(110_000);
    expect((await call('GET', `${path}/${old.id}`)).json.expires_at).toBe(old.expires_at);
  });

  it('is rotated by one of two who do so at the same time', async () => {
    const old = await made();
    const both = await Promise.all(
      [test, replica].map((at) => call('POST', `${path}/${old.id}/rotate`, {}, admin, at)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('says when it was used last, written for all keys together', async () => {
    const keys = [await made(), await made()];
    const before = Date.now();
    for (const { key } of keys) await call('GET', nothing, undefined, key);
    const lastUsed = () =>
      Promise.all(keys.map(async ({ id }) => (await call('GET', `${path}/${id}`)).json.last_used_at));
    expect(await lastUsed()).toEqual([null, null]);
    await test.running.app.get(KeyUses).write();
    for (const at of await lastUsed()) expect(Date.parse(at)).toBeGreaterThanOrEqual(before - 1000);
  });

  it('that was used just before a gateway stops, says so too', async () => {
    const { id, key } = await made();
    const third = await startTestService(service, {}, { database: test.database, broker: test.broker });
    expect((await call('GET', nothing, undefined, key, third)).status).toBe(200);
    await third.close();
    expect((await call('GET', `${path}/${id}`)).json.last_used_at).toEqual(expect.any(String));
  });

  it('of another tenant does not exist', async () => {
    const foreign = await test.running.app.get(ApiKeys).create('other', 'foreign', ['admin']);
    const { id } = await made();
    for (const [method, route, body] of [
      ['GET', `${path}/${id}`],
      ['DELETE', `${path}/${id}`],
      ['POST', `${path}/${id}/rotate`, {}],
    ] as const)
      expect(await call(method, route, body, foreign)).toMatchObject({ status: 404 });
    expect((await call('GET', path, undefined, foreign)).json.data).toMatchObject([{ name: 'foreign' }]);
  });
});
