import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventRequested, type CloudEvent } from '@carillon/contracts';
import { startTestService, testBroker, testDatabase, unique, until, type TestService } from '@carillon/testing';
import { service as preferences } from '../../../preferences/src/service.ts';
import { service as renderer } from '../../../template-renderer/src/service.ts';
import { ApiKeys } from '../access/api-keys.ts';
import { service } from '../service.ts';
import { ExpiredRows } from '../expiry/expired-rows.ts';

const admin = 'ck_development-key-for-tests-only';

describe('a request with an Idempotency-Key', () => {
  let replicas: [TestService, TestService];
  let others: TestService[];
  let published: CloudEvent[];
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
    replicas = [await startTestService(service, env, shared), await startTestService(service, env, shared)];
    others = [await startTestService(preferences, {}, shared), await startTestService(renderer, {}, shared)];
    published = await broker.capture(eventRequested);
    for (const id of ['amina', 'bo']) await post('/v1/recipients/bulk', { recipients: [{ id, name: id }] });
  }, 60_000);

  afterAll(async () => {
    await Promise.all([...(replicas ?? []), ...(others ?? [])].map((running) => running.close()));
    await remove?.();
  });

  async function post(path: string, body?: unknown, key?: string, { replica = 0, as = admin } = {}) {
    const response = await fetch(replicas[replica]!.running.url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${as}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body),
    });
    const replayed = response.headers.get('idempotency-replayed');
    return {
      status: response.status,
      replayed,
      retryAfter: response.headers.get('retry-after'),
      json: await response.json(),
    };
  }

  const event = (note: string, recipients = ['amina']) => ({
    recipients,
    content: { title: note, message: 'Something happened.' },
  });
  const publishedAs = (note: string) => published.filter(({ data }) => (data as any).content?.title === note);
  const sql = (text: string, values: unknown[] = []) => replicas[0].database.query(text, values);

  it('is carried out once, of 200 at the same time by two replicas, and all get the same answer', async () => {
    const key = unique();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => post('/v1/events', event(key), key, { replica: n % 2 })),
    );
    expect(new Set(answers.map(({ status, json }) => JSON.stringify([status, json]))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 202, json: { notifications: [{ recipient: 'amina' }] } });
    expect(answers.filter(({ replayed }) => replayed === null)).toHaveLength(1);
    await until('it is published', () => publishedAs(key).length > 0);
    await post('/v1/events', event(`${key} after`));
    await until('what came after it is too', () => publishedAs(`${key} after`).length === 1);
    expect(publishedAs(key)).toHaveLength(1);
  });

  it('is recognised however it is written, and answered again for a day', async () => {
    const key = unique();
    const first = await post('/v1/events', event(key), key);
    const body = event(key);
    const again = await post(
      '/v1/events',
      JSON.stringify({ content: body.content, recipients: body.recipients }, null, 2),
      `"${key}"`,
    );
    expect(again).toEqual({ ...first, replayed: 'true' });
    await sql(`UPDATE gateway.idempotency_keys SET expires_at = now() - interval '1 second'`);
    const dayAfter = await post('/v1/events', event(key), key);
    expect([dayAfter.status, dayAfter.replayed]).toEqual([202, null]);
    expect(dayAfter.json.id).not.toBe(first.json.id);
  });

  it('is refused with 422 for another body, and is another one on another route and for another tenant', async () => {
    const key = unique();
    const first = await post('/v1/events', event(key), key);
    expect(await post('/v1/events', event(key, ['bo']), key)).toMatchObject({
      status: 422,
      json: { code: 'idempotency_key_reused' },
    });
    expect(await post('/v1/events/bulk', { events: [event(key)] }, key)).toMatchObject({ status: 200, replayed: null });
    const shop = await replicas[0].running.app.get(ApiKeys).create('shop', 'shop', ['admin']);
    await post('/v1/recipients/bulk', { recipients: [{ id: 'amina' }] }, undefined, { as: shop });
    const foreign = await post('/v1/events', event(key), key, { as: shop });
    expect([foreign.status, foreign.replayed, foreign.json.id === first.json.id]).toEqual([202, null, false]);
  });

  it('is answered with 409 while another replica is still at it', async () => {
    const key = unique();
    await post('/v1/events', event(key), key);
    await sql(`UPDATE gateway.idempotency_keys SET answer = NULL, leased_until = now() + interval '1 minute'`);
    const [same, other] = await Promise.all([
      post('/v1/events', event(key), key, { replica: 1 }),
      post('/v1/events', event('another'), key, { replica: 1 }),
    ]);
    expect(same).toMatchObject({ status: 409, retryAfter: '1', json: { code: 'request_in_flight' } });
    expect(other.status).toBe(422);
  });

  it('makes the same event when a crash came between publishing and answering', async () => {
    const key = unique();
    const events = { events: [event(key), event(key)] };
    const first = await post('/v1/events/bulk', events, key);
    const single = await post('/v1/events', event(key), key);
    await sql(`UPDATE gateway.idempotency_keys SET answer = NULL, leased_until = now() - interval '1 second'`);
    expect(await post('/v1/events/bulk', events, key, { replica: 1 })).toEqual(first);
    expect(await post('/v1/events', event(key), key, { replica: 1 })).toEqual(single);
    const ids = [...first.json.results, single.json].map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(3);
    await until('all six are there', () => publishedAs(key).length === 6);
    expect(new Set(publishedAs(key).map(({ id }) => id)).size).toBe(3);
    await until('each is recorded once', async () => {
      const rows = await sql('SELECT id FROM preferences.events WHERE id = ANY($1)', [ids]);
      const all = await sql('SELECT id FROM preferences.events WHERE cloud_event_id = ANY($1)', [
        publishedAs(key).map(({ id }) => id),
      ]);
      return rows.length === 3 && all.length === 3;
    });
  });

  it('is answered with the same refusal again, but tried again where something was away', async () => {
    const key = unique();
    const refused = await post('/v1/events', event(key, ['nobody']), key);
    expect(refused).toMatchObject({ status: 422, replayed: null, json: { code: 'unknown_recipient' } });
    await post('/v1/recipients/bulk', { recipients: [{ id: 'nobody' }] });
    expect(await post('/v1/events', event(key, ['nobody']), key)).toEqual({ ...refused, replayed: 'true' });

    const away = unique();
    const path = '/v1/admin/deliveries/sms/retry';
    // Nobody answers for SMS in this test; without the queue that is known at once.
    const { channel, names } = replicas[0].broker;
    await channel.deleteQueue(names.rpcQueue('sms-sender'));
    expect(await post(path, {}, away)).toMatchObject({ status: 503, replayed: null });
    expect(await post(path, {}, away)).toMatchObject({ status: 503, replayed: null });
  });

  it('has a key that is refused when it is none, and ignored where every answer is worth having anew', async () => {
    expect(await post('/v1/events', event('x'), 'two words')).toMatchObject({
      status: 400,
      json: { code: 'invalid_idempotency_key' },
    });
    const key = unique();
    await post('/v1/recipients/amina/tokens', undefined, key);
    expect(await post('/v1/recipients/amina/tokens', undefined, key)).toMatchObject({ status: 201, replayed: null });
  });

  it('is possible on every POST of somebody with a credential, as the API document says', async () => {
    const document = (await (await fetch(`${replicas[0].running.url}/openapi.json`)).json()) as any;
    const without = Object.entries<any>(document.paths).flatMap(([path, { post }]) => {
      if (!post || post.security.length === 0) return [];
      const takesKey = post.parameters?.some(({ name }: { name: string }) => name === 'Idempotency-Key');
      return takesKey && post.responses[409] && post.responses[422] ? [] : [path];
    });
    expect(without).toEqual(['/v1/recipients/{id}/tokens']);
  });

  it('leaves nothing in the table that can be read, and nothing at all after its day', async () => {
    const key = `order-of-amina-${unique()}`;
    await post('/v1/events', event(key), key);
    const rows = await sql(
      'SELECT tenant, key::text, request::text, answer::text, row::text FROM gateway.idempotency_keys AS row',
    );
    const bytes =
      JSON.stringify(rows) +
      rows.map(({ answer }) => Buffer.from(String(answer).slice(2), 'hex').toString('latin1')).join();
    expect(bytes).not.toContain('amina');
    expect(bytes).not.toContain(key);
    await sql(`UPDATE gateway.idempotency_keys SET expires_at = now() - interval '1 second' WHERE tenant = 'default'`);
    await replicas[0].running.app.get(ExpiredRows).remove();
    expect(await sql(`SELECT FROM gateway.idempotency_keys WHERE tenant = 'default'`)).toEqual([]);
  });
});
