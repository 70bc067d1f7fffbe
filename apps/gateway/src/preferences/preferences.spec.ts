import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { notificationRouted, type Preferences } from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service as preferences } from '../../../preferences/src/service.ts';
import { ApiKeys } from '../access/api-keys.ts';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import { service as gateway } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';

describe('preferences by REST', () => {
  let test: TestService;
  let behind: TestService;
  /** An admin of another tenant, which has a recipient with the same id. */
  let foreign: string;
  let amina: string;
  let bo: string;
  let aminaOfOthers: string;

  beforeAll(async () => {
    test = await startTestService(gateway, { DEV_API_KEY: admin });
    behind = await startTestService(preferences, {}, { broker: test.broker });
    foreign = await test.running.app.get(ApiKeys).create('other', 'of others', ['admin']);
    const token = async (tenant: string, recipient: string, key: string) => {
      await call('PUT', `/v1/recipients/${recipient}`, key, { name: recipient });
      return (await test.running.app.get(RecipientTokens).mint(tenant, recipient)).token;
    };
    amina = await token('default', 'amina', admin);
    bo = await token('default', 'bo', admin);
    aminaOfOthers = await token('other', 'amina', foreign);
    const catalog = {
      categories: { lessons: {} },
      types: {
        lesson_scheduled: { category: 'lessons', channels: ['in_app', 'email'], frequency: 'daily' },
        fee_reminder: { category: 'billing', channels: ['email', 'sms'], mandatory: true },
      },
      defaults: {
        channels: { sms: false },
        types: { lesson_scheduled: { sms: true } },
        quiet_hours: { start: '22:00', end: '07:00' },
      },
    };
    expect(await call('PUT', '/v1/admin/catalog', admin, catalog)).toMatchObject({ status: 200, json: { version: 1 } });
  });

  beforeEach(async () => {
    for (const token of [amina, bo, aminaOfOthers])
      expect(await call('PUT', '/v1/preferences', token, {})).toEqual({ status: 200, json: {} });
  });

  afterAll(async () => {
    await behind.close();
    await test.close();
  });

  async function call(method: string, path: string, key: string, body?: unknown) {
    const response = await fetch(test.running.url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as any };
  }
  const mine = async (token: string): Promise<Preferences> => (await call('GET', '/v1/preferences', token)).json;

  it('are replaced by PUT and merged by PATCH, where null takes a choice back', async () => {
    const first: Preferences = {
      channels: { email: false },
      types: { lesson_scheduled: { sms: true, frequency: 'weekly' }, welcome: { email: false } },
      quiet_hours: null,
    };
    expect(await call('PUT', '/v1/preferences', amina, first)).toEqual({ status: 200, json: first });
    const patch = {
      channels: { email: null, sms: true },
      types: { lesson_scheduled: { frequency: null, muted_until: '2099-01-01T00:00:00Z' }, welcome: null },
      frequency: 'daily',
    };
    const second: Preferences = {
      channels: { sms: true },
      types: { lesson_scheduled: { sms: true, muted_until: '2099-01-01T00:00:00Z' } },
      quiet_hours: null,
      frequency: 'daily',
    };
    expect(await call('PATCH', '/v1/preferences', amina, patch)).toEqual({ status: 200, json: second });
    expect(await mine(amina)).toEqual(second);
    expect(await call('PUT', '/v1/preferences', amina, { frequency: 'hourly' })).toMatchObject({ status: 200 });
    expect(await mine(amina)).toEqual({ frequency: 'hourly' });
  });

  it('are each person’s own, in each tenant', async () => {
    await call('PATCH', '/v1/preferences', amina, { channels: { email: false } });
    expect(await mine(bo)).toEqual({});
    expect(await mine(aminaOfOthers)).toEqual({});
    // A type of one tenant's catalog is unknown in another's.
    const change = { types: { lesson_scheduled: { email: false } } };
    expect(await call('PATCH', '/v1/preferences', amina, change)).toMatchObject({ status: 200 });
    expect(await call('PATCH', '/v1/preferences', aminaOfOthers, change)).toMatchObject({
      status: 422,
      json: { errors: [{ path: 'types.lesson_scheduled', message: 'is not a notification type of the catalog' }] },
    });
  });

  it('are refused as a whole, naming everything that is wrong', async () => {
    await call('PUT', '/v1/preferences', amina, { frequency: 'daily' });
    const wrong = {
      channels: { email: false, fax: true },
      categories: { lesson: { email: false } },
      quiet_hours: { start: '22:00', end: '22:00', time_zone: 'Mars/Olympus' },
      digest: { hour: 24 },
    };
    for (const method of ['PUT', 'PATCH']) {
      const { status, json } = await call(method, '/v1/preferences', amina, wrong);
      expect({ method, status, code: json.code }).toEqual({ method, status: 400, code: 'invalid_body' });
      expect(json.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
        'categories.lesson',
        'channels.fax',
        'digest.hour',
        'quiet_hours.end',
        'quiet_hours.time_zone',
      ]);
    }
    const unknown = { channels: { email: false }, categories: { lesson: {} }, types: { lesson: {} } };
    expect(await call('PATCH', '/v1/preferences', amina, unknown)).toMatchObject({
      status: 422,
      json: { code: 'invalid_preferences', errors: [{ path: 'categories.lesson' }, { path: 'types.lesson' }] },
    });
    for (const body of [[], 'off', 5])
      expect(await call('PUT', '/v1/preferences', amina, body)).toMatchObject({ status: 400 });
    expect(await mine(amina)).toEqual({ frequency: 'daily' });
  });

  it('take many changes in one call, all or none', async () => {
    const changes = [
      { channel: 'sms', enabled: false },
      { category: 'lessons', channel: 'sms', enabled: true },
      { type: 'lesson_scheduled', channel: 'email', enabled: false },
      { type: 'lesson_scheduled', frequency: 'weekly' },
      { type: 'welcome', muted_until: '2099-01-01T00:00:00Z' },
    ];
    const after: Preferences = {
      channels: { sms: false },
      categories: { lessons: { sms: true } },
      types: {
        lesson_scheduled: { email: false, frequency: 'weekly' },
        welcome: { muted_until: '2099-01-01T00:00:00Z' },
      },
    };
    expect(await call('POST', '/v1/preferences/bulk', amina, { changes })).toEqual({ status: 200, json: after });
    const wrong = [{ channel: 'email', enabled: false }, ...changes, { type: 'lesson', frequency: 'daily' }];
    expect(await call('POST', '/v1/preferences/bulk', amina, { changes: wrong })).toMatchObject({
      status: 422,
      json: { errors: [{ path: 'changes[6].type', message: 'is not a notification type of the catalog' }] },
    });
    expect(await mine(amina)).toEqual(after);
  });

  it('lose nothing when several changes come at once', async () => {
    await Promise.all(
      ['welcome', 'lesson_scheduled', 'invoice_issued', 'payment_failed', 'ticket_created'].map((type) =>
        call('POST', '/v1/preferences/bulk', amina, { changes: [{ type, channel: 'email', enabled: false }] }),
      ),
    );
    expect(Object.keys((await mine(amina)).types!)).toHaveLength(5);
  });

  it('show what holds for those who chose nothing, from the tenant’s defaults over its catalog', async () => {
    const { status, json } = await call('GET', '/v1/preferences/defaults', amina);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      channels: { in_app: true, email: true, sms: false },
      categories: { lessons: { email: true, sms: false } },
      types: {
        lesson_scheduled: {
          category: 'lessons',
          mandatory: false,
          frequency: 'daily',
          in_app: true,
          email: true,
          sms: true,
        },
        fee_reminder: { mandatory: true, in_app: false, email: true, sms: true },
        welcome: { category: 'account', frequency: 'immediate', in_app: true, email: true, sms: false },
      },
      frequency: 'immediate',
      quiet_hours: { start: '22:00', end: '07:00' },
      digest: { hour: 8, weekday: 'mon' },
    });
    const other = await call('GET', '/v1/preferences/defaults', aminaOfOthers);
    expect(other.json).toMatchObject({ channels: { sms: true }, quiet_hours: null });
    expect(other.json.types).not.toHaveProperty('lesson_scheduled');
  });

  describe('on somebody’s behalf', () => {
    const of = (id: string) => `/v1/admin/recipients/${id}/preferences`;

    it('are read, replaced and merged by an admin, as by the person', async () => {
      expect(await call('PUT', of('amina'), admin, { frequency: 'daily' })).toEqual({
        status: 200,
        json: { frequency: 'daily' },
      });
      await call('PATCH', of('amina'), admin, { channels: { email: false } });
      const after = { frequency: 'daily', channels: { email: false } };
      expect(await call('GET', of('amina'), admin)).toEqual({ status: 200, json: after });
      expect(await mine(amina)).toEqual(after);
      expect(await call('PATCH', of('amina'), admin, { types: { lesson: {} } })).toMatchObject({ status: 422 });
    });

    it('are not those of another tenant, nor of nobody, nor for anybody else', async () => {
      await call('PUT', of('amina'), foreign, { frequency: 'never' });
      expect(await mine(amina)).toEqual({});
      expect(await mine(aminaOfOthers)).toEqual({ frequency: 'never' });
      for (const [method, body] of [['GET'], ['PUT', {}], ['PATCH', {}]] as const)
        expect(await call(method, of('bo'), foreign, body)).toMatchObject({ status: 404, json: { code: 'not_found' } });
      const keys = test.running.app.get(ApiKeys);
      const servers = await keys.create('default', 'servers', ['recipients:write', 'events:write']);
      for (const key of [servers, amina]) expect(await call('GET', of('bo'), key)).toMatchObject({ status: 403 });
      expect(await call('GET', '/v1/preferences', admin)).toMatchObject({ status: 403 });
      expect(await call('GET', '/v1/preferences/defaults', admin)).toMatchObject({ status: 403 });
    });
  });

  it('can be tried out: a test message comes by the channel that is asked for, whatever is switched off, and no other', async () => {
    const routed = await test.broker.capture(notificationRouted);
    await call('PUT', '/v1/recipients/cleo', admin, { email: 'cleo@example.org', phone: '+254711000333' });
    const { token } = await test.running.app.get(RecipientTokens).mint('default', 'cleo');
    await call('PUT', '/v1/preferences', token, { channels: { email: false }, frequency: 'never' });
    const { status, json } = await call('POST', '/v1/preferences/test', token, { channel: 'email' });
    expect([status, json]).toEqual([202, { notification_id: expect.any(String) }]);
    const [notification] = await until('it is on its way', () => routed.length > 0 && routed);
    expect(notification!.data).toMatchObject({
      notification_id: json.notification_id,
      type: 'test_message',
      lane: 'urgent',
      recipient: { id: 'cleo' },
      deliveries: [{ channel: 'email', address: 'cleo@example.org' }],
    });

    for (let times = 0; times < 2; times++)
      expect((await call('POST', '/v1/preferences/test', token, { channel: 'email' })).status).toBe(202);
    const flooded = await fetch(`${test.running.url}/v1/preferences/test`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'email' }),
    });
    expect([flooded.status, (await flooded.json()) as object]).toMatchObject([429, { code: 'too_many_tests' }]);
    expect(Number(flooded.headers.get('retry-after'))).toBeGreaterThan(500);
    expect((await call('POST', '/v1/preferences/test', token, { channel: 'sms' })).status).toBe(202);
  });

  it('say what is in the way of a test message', async () => {
    const tryOut = (token: string, body: unknown) => call('POST', '/v1/preferences/test', token, body);
    expect(await tryOut(amina, { channel: 'email' })).toMatchObject({
      status: 422,
      json: { code: 'no_contact', errors: [{ path: 'channel' }] },
    });
    expect(await tryOut(amina, { channel: 'pigeon' })).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'channel', message: expect.stringContaining('email') }] },
    });
    expect((await tryOut(admin, { channel: 'email' })).status).toBe(403);
    await call('PUT', '/v1/recipients/dan', admin, { email: 'dan@example.org' });
    await call('POST', '/v1/admin/suppressions', admin, {
      channel: 'email',
      address: 'dan@example.org',
      reason: 'manual',
    });
    const { token } = await test.running.app.get(RecipientTokens).mint('default', 'dan');
    expect(await tryOut(token, { channel: 'email' })).toMatchObject({
      status: 422,
      json: { code: 'suppressed_contact' },
    });
  });
});
