import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until, VendorDouble } from '@carillon/testing';
import { Client } from './client.ts';
import { apiKey, startSuite, type Suite } from './suite.ts';

describe('the providers of a tenant', () => {
  let suite: Suite;
  let client: Client;
  let first: VendorDouble;
  let second: VendorDouble;
  const secret = 'a-very-secret-token-0123456789';

  beforeAll(async () => {
    [first, second] = [await VendorDouble.start(), await VendorDouble.start()];
    suite = await startSuite({ ALLOW_PRIVATE_URLS: '127.0.0.1', SECRETS_KEY: `2026:${'ab'.repeat(32)}` });
    client = new Client(suite);
  }, 90_000);
  afterAll(async () => {
    await suite?.close();
    await first?.close();
    await second?.close();
  }, 60_000);

  const call = (method: string, path: string, body?: unknown) => client.call(method, `/v1/admin${path}`, body, apiKey);
  const custom = (vendor: VendorDouble, changes: object = {}) => ({
    kind: 'custom',
    settings: {
      url: `${vendor.url}/sms`,
      headers: { authorization: 'Bearer {token}' },
      body: { to: '{to}', from: '{from}', text: '{text}' },
    },
    secrets: { token: secret },
    sender_ids: { '254': 'SCHOOL' },
    ...changes,
  });

  async function sent(recipient: string, phone: string): Promise<any> {
    await client.recipient(recipient, { phone });
    const event = {
      type: 'ticket_created',
      recipients: [recipient],
      channels: ['sms'],
      content: { title: 'T', message: 'Habari' },
    };
    const { status, json } = await client.call('POST', '/v1/events', { ...event, type: undefined }, apiKey);
    expect([status, json.detail]).toEqual([202, undefined]);
    return until('the SMS is logged', async () => {
      const { json: page } = await call('GET', `/deliveries/sms?recipient=${recipient}`);
      const [delivery] = page.data;
      return delivery && !['sending', 'queued'].includes(delivery.status) ? delivery : undefined;
    });
  }

  it('are configured over HTTP; their secrets are sealed, and shown to nobody', async () => {
    const made = await call('PUT', '/providers/sms/first', custom(first));
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      name: 'first',
      kind: 'custom',
      origin: 'tenant',
      in_use: true,
      secrets: { token: { last4: '6789' } },
      problem: null,
      breaker: { state: 'closed', replicas: 0 },
    });
    expect((await call('PUT', '/providers/sms/second', custom(second, { order: 2 }))).status).toBe(201);
    const list = await call('GET', '/providers/sms');
    expect(list.json.data.map(({ name, origin, in_use }: any) => [name, origin, in_use])).toEqual([
      ['first', 'tenant', true],
      ['second', 'tenant', true],
      ['africastalking', 'installation', false],
    ]);
    expect(JSON.stringify([made.json, list.json])).not.toContain(secret);
    const stored = await suite.database.query('SELECT providers::text AS row FROM sms_sender.providers');
    expect(stored).toHaveLength(2);
    expect(JSON.stringify(stored)).toContain('s1.2026.');
    expect(JSON.stringify(stored)).not.toContain(secret);
  });

  it('carry the messages of the tenant, the next one at once when the first is at fault', async () => {
    first.answer = { status: 500 };
    second.answer = { status: 201, body: { id: 'second-1' } };
    expect(await sent('failover', '+254711000222')).toMatchObject({
      status: 'sent',
      provider: 'second',
      provider_message_id: 'second-1',
    });
    expect(first.received).toHaveLength(1);
    const [{ headers, body }] = second.received as [(typeof second.received)[0]];
    expect(headers.authorization).toBe(`Bearer ${secret}`);
    expect(JSON.parse(body)).toMatchObject({ to: '+254711000222', from: 'SCHOOL' });
  });

  it('keep their secrets when they are changed without them, and are changed at once', async () => {
    const { secrets: _, ...withoutSecrets } = custom(first, { order: 3 });
    const changed = await call('PUT', '/providers/sms/first', withoutSecrets);
    expect([changed.status, changed.json.secrets]).toEqual([200, { token: { last4: '6789' } }]);
    await until('the order is in use', async () => {
      first.answer = { status: 201, body: { id: 'first-2' } };
      const { provider } = await sent(`order-${Math.random()}`, '+254711000333');
      return provider === 'second';
    });
  });

  it('are refused by field, also where their URL leads inside', async () => {
    const problem = async (name: string, body: object) => {
      const { status, json } = await call('PUT', `/providers/sms/${name}`, body);
      return [status, json.code, json.errors?.map(({ path }: any) => path)];
    };
    expect(await problem('x', { kind: 'pigeon' })).toEqual([422, 'invalid_provider', ['kind']]);
    expect(await problem('x', { kind: 'twilio', settings: { account_sid: 'SK1', from: '+1', extra: 1 } })).toEqual([
      422,
      'invalid_provider',
      ['settings.account_sid', 'settings.extra'],
    ]);
    expect(await problem('x', { kind: 'custom', settings: { url: 'https://169.254.169.254/latest' } })).toEqual([
      422,
      'invalid_provider',
      ['settings.url'],
    ]);
    expect(await problem('Not%20a%20name', custom(first))).toEqual([422, 'invalid_provider', ['name']]);
    expect(await problem('x', { ...custom(first), weight: 0, colour: 'red' })).toEqual([
      400,
      'invalid_body',
      ['weight', 'colour'],
    ]);
    expect((await call('GET', '/providers/sms/x')).status).toBe(404);
    expect((await call('GET', '/providers/pigeon')).status).toBe(404);
  });

  it('can be asked whether all is well, and are checked before they are kept where that is asked for', async () => {
    expect((await call('POST', '/providers/sms/first/check')).json).toMatchObject({ ok: true });
    const smtp = {
      kind: 'smtp',
      settings: { host: '127.0.0.1', port: 1, from: 'School <no-reply@school.example>' },
      secrets: {},
    };
    const refused = await call('PUT', '/providers/email/mail?check=true', smtp);
    expect([refused.status, refused.json.code]).toEqual([422, 'provider_refused']);
    expect((await call('GET', '/providers/email/mail')).status).toBe(404);
  });

  it('leave the installation’s in use when they are removed', async () => {
    for (const name of ['first', 'second']) expect((await call('DELETE', `/providers/sms/${name}`)).status).toBe(200);
    expect((await call('DELETE', '/providers/sms/first')).status).toBe(404);
    await until('the installation’s is in use', async () => {
      const { provider } = await sent(`back-${Math.random()}`, '+254711000444');
      return provider === 'africastalking';
    });
  });

  it('has caps of its own over the installation’s', async () => {
    const put = await call('PUT', '/caps/sms', { per_recipient_hour: 1, countries_per_day: { '254': 10, '*': 0 } });
    expect(put.json).toMatchObject({ channel: 'sms', effective: { per_recipient_hour: 1 } });
    expect((await call('PUT', '/caps/email', { countries_per_day: { '*': 1 } })).json.code).toBe('invalid_caps');
    await until('the caps are in use', async () => {
      const { status, error } = await sent(`abroad-${Math.random()}`, '+447400123456');
      return status === 'failed' && error.startsWith('no messages are sent to other countries');
    });
    await sent('capped', '+254711000555');
    expect((await call('GET', '/caps/sms')).json.used_today.countries).toEqual({ '254': 1 });
  });
});
