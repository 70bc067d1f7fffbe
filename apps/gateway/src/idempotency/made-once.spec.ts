import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { emailRendered, type CloudEvent } from '@carillon/contracts';
import { startTestService, testBroker, testDatabase, unique, until, type TestService } from '@carillon/testing';
import { service as preferences } from '../../../preferences/src/service.ts';
import { service as renderer } from '../../../template-renderer/src/service.ts';
import { service } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';

describe('after a crash between doing and answering, the same request', () => {
  let gateways: TestService[];
  let others: TestService[];
  let rendered: CloudEvent[];
  let remove: () => Promise<void>;

  beforeAll(async () => {
    const services = [service, preferences, renderer];
    const database = await testDatabase(Object.fromEntries(services.map(({ name, migrations }) => [name, migrations])));
    const broker = await testBroker();
    remove = async () => {
      await broker.close();
      await database.drop();
    };
    const shared = { database, broker };
    const env = { DEV_API_KEY: admin };
    gateways = [await startTestService(service, env, shared), await startTestService(service, env, shared)];
    others = [await startTestService(preferences, {}, shared), await startTestService(renderer, {}, shared)];
    rendered = await broker.capture(emailRendered);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([...(gateways ?? []), ...(others ?? [])].map((running) => running.close()));
    await remove?.();
  });

  const sql = (text: string, values: unknown[] = []) => gateways[0]!.database.query<any>(text, values);

  async function call(method: string, path: string, body?: unknown, { replica = 0, key = '', as = admin } = {}) {
    const response = await fetch(gateways[replica]!.running.url + path, {
      method,
      headers: {
        authorization: `Bearer ${as}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as any };
  }

  /** Twice under one key, the second time by another replica, which finds that the first was never answered. */
  async function twice(path: string, body?: unknown) {
    const key = unique();
    const first = await call('POST', path, body, { key });
    expect([path, first.status < 300 ? 'done' : first.json]).toEqual([path, 'done']);
    await sql(`UPDATE gateway.idempotency_keys SET answer = NULL, leased_until = now() - interval '1 second'`);
    const again = await call('POST', path, body, { key, replica: 1 });
    expect([path, again.status]).toEqual([path, first.status]);
    return [first.json, again.json];
  }
  const opens = async (key: string) =>
    (await call('GET', '/v1/admin/dead-letters', undefined, { as: key, replica: 1 })).status === 200;

  it('makes one API key, which is the last one told', async () => {
    const name = unique();
    const [lost, told] = await twice('/v1/admin/api-keys', { name, scopes: ['admin'] });
    expect(told.id).toBe(lost.id);
    expect(await sql('SELECT id FROM gateway.api_keys WHERE name = $1', [name])).toEqual([{ id: told.id }]);
    expect([await opens(told.key), await opens(lost.key)]).toEqual([true, false]);

    const [lostNext, next] = await twice(`/v1/admin/api-keys/${told.id}/rotate`, {});
    expect(next.id).toBe(lostNext.id);
    expect([await opens(next.key), await opens(lostNext.key), await opens(told.key)]).toEqual([true, false, true]);
    const old = (await call('GET', `/v1/admin/api-keys/${told.id}`)).json;
    expect(old.successor).toBe(next.id);
    // Another request is another rotation, which there has been already.
    expect((await call('POST', `/v1/admin/api-keys/${told.id}/rotate`, {}, { key: unique() })).status).toBe(409);
  });

  it('makes a tenant whose first key is told, and refuses others the same id', async () => {
    const id = unique();
    const [lost, told] = await twice('/v1/admin/tenants', { id, name: 'The corner shop' });
    expect([await opens(told.api_key.key), await opens(lost.api_key.key)]).toEqual([true, false]);
    expect(await sql('SELECT id FROM gateway.api_keys WHERE tenant = $1', [id])).toHaveLength(1);
    const taken = await call('POST', '/v1/admin/tenants', { id, name: 'Another' }, { key: unique() });
    expect(taken).toMatchObject({ status: 409, json: { code: 'tenant_exists' } });
  });

  it('makes one webhook, replaces its secret once, and tests it once', async () => {
    const url = `https://example.org/${unique()}`;
    const [lost, told] = await twice('/v1/admin/webhooks', { url, events: ['delivery.*'] });
    expect(told.id).toBe(lost.id);
    expect(told.secret).not.toBe(lost.secret);
    expect(await sql('SELECT id FROM gateway.webhook_endpoints WHERE url = $1', [url])).toHaveLength(1);

    const kept = async () =>
      (await sql('SELECT secrets FROM gateway.webhook_endpoints WHERE url = $1', [url]))[0].secrets;
    const [{ sealed }] = await kept();
    await twice(`/v1/admin/webhooks/${told.id}/rotate-secret`, { overlap_seconds: 3_600 });
    const [, former, ...more] = await kept();
    expect(more).toEqual([]);
    expect(former).toMatchObject({ sealed, until: expect.any(String) });

    const [test, same] = await twice(`/v1/admin/webhooks/${told.id}/test`);
    expect(same.id).toBe(test.id);
    const tests = await sql(`SELECT id FROM gateway.webhook_messages WHERE endpoint = $1`, [told.id]);
    expect(tests).toEqual([{ id: test.id }]);
  });

  it('makes one experiment, and one message to oneself', async () => {
    const variant = (key: string) => ({
      key,
      weight: 1,
      words: { en: { text: `Invoice {{ invoice_number }} ${key}` } },
    });
    const experiment = { name: unique(), type: 'invoice_issued', channel: 'sms', locale: 'en' };
    const [lost, told] = await twice('/v1/admin/experiments', {
      ...experiment,
      variants: [variant('a'), variant('b')],
    });
    expect(told).toEqual(lost);
    expect((await call('GET', '/v1/admin/experiments')).json.data).toHaveLength(1);

    const [sent, again] = await twice('/v1/admin/templates/invoice_issued.email.en/test-send', {
      to: 'amina@example.org',
    });
    expect(again).toEqual(sent);
    await until('both are rendered', () => rendered.length === 2);
    expect(new Set(rendered.map(({ id }) => id)).size).toBe(1);
  }, 60_000);
});
