import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, testBroker, testDatabase, type TestBroker, type TestDatabase } from '@carillon/testing';
import { service } from '../service.ts';

const development = 'ck_development-key-for-tests-only';
const [first, second] = ['ck_first-platform-key-of-these-tests', 'ck_second-platform-key-of-these-tests'];

describe('the key of the platform', () => {
  let database: TestDatabase;
  let broker: TestBroker;

  beforeAll(async () => {
    [database, broker] = await Promise.all([testDatabase({ gateway: service.migrations }), testBroker()]);
  });
  afterAll(async () => {
    await broker?.close();
    await database?.drop();
  });

  /** A gateway with this setting, while `work` goes on. */
  async function within(key: string | undefined, work: (call: Call) => Promise<void>): Promise<void> {
    const env = { DEV_API_KEY: development, ...(key && { PLATFORM_API_KEY: key }) };
    const running = await startTestService(service, env, { database, broker });
    try {
      await work(async (credential, method, path, body) => {
        const response = await fetch(running.running.url + path, {
          method,
          headers: {
            authorization: `Bearer ${credential}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        return { status: response.status, json: await response.json() };
      });
    } finally {
      await running.close();
    }
  }
  type Call = (
    credential: string,
    method: string,
    path: string,
    body?: object,
  ) => Promise<{ status: number; json: any }>;

  it('looks after tenants and nothing else; nobody can make or replace one over the API', () =>
    within(first, async (call) => {
      expect((await call(first, 'GET', '/v1/admin/tenants')).json.data).toMatchObject([
        { id: 'default', state: 'active' },
      ]);
      expect((await call(first, 'GET', '/v1/admin/api-keys')).status).toBe(403);
      const wanted = { name: 'more', scopes: ['platform'] };
      expect((await call(development, 'POST', '/v1/admin/api-keys', wanted)).status).toBe(400);
      const { json } = await call(development, 'GET', '/v1/admin/api-keys');
      const own = json.data.find(({ scopes }: { scopes: string[] }) => scopes.join() === 'platform');
      expect(await call(development, 'POST', `/v1/admin/api-keys/${own.id}/rotate`, {})).toMatchObject({
        status: 409,
        json: { code: 'set_by_settings' },
      });
      // An admin's key of the same tenant is not enough either.
      const admin = await call(development, 'POST', '/v1/admin/api-keys', { name: 'admin', scopes: ['admin'] });
      expect((await call(admin.json.key, 'GET', '/v1/admin/tenants')).status).toBe(403);
    }));

  it('cannot lock itself out', () =>
    within(first, async (call) => {
      for (const [verb, body] of [
        ['suspend', {}],
        ['erase', { confirm: 'default' }],
      ] as const)
        expect(await call(first, 'POST', `/v1/admin/tenants/default/${verb}`, body)).toMatchObject({
          status: 409,
          json: { code: 'own_tenant' },
        });
      expect((await call(first, 'POST', '/v1/admin/tenants/nobody/suspend', {})).status).toBe(404);
    }));

  it('is worth nothing once the setting has another value, or none', async () => {
    await within(second, async (call) => {
      expect((await call(first, 'GET', '/v1/admin/tenants')).status).toBe(401);
      expect((await call(second, 'GET', '/v1/admin/tenants')).status).toBe(200);
    });
    await within(undefined, async (call) => {
      expect((await call(second, 'GET', '/v1/admin/tenants')).status).toBe(401);
      expect((await call(development, 'GET', '/v1/admin/tenants')).status).toBe(200);
    });
    // And back again.
    await within(second, async (call) => {
      expect((await call(second, 'GET', '/v1/admin/tenants')).status).toBe(200);
    });
  });
});
