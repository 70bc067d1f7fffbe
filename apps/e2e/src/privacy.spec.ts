import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshId } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { apiKey, startSuite, type Suite } from './suite.ts';

describe('a person', () => {
  let suite: Suite;
  let client: Client;
  const otherKey = 'ck_another-tenant-of-these-tests-0123456789';
  const id = 'amina.privacy';
  const other = 'bo.privacy';
  const name = 'Amina Wanjiku Otieno';
  const email = 'amina.privacy@example.org';
  const phone = '+254711000777';
  let token: string;

  beforeAll(async () => {
    suite = await startSuite({ RETRY_DELAYS: '1,1,1' });
    client = new Client(suite);
    await suite.database.query(
      `INSERT INTO gateway.api_keys (id, tenant, name, hash, scopes) VALUES ($1, 'other', 'test', $2, '{admin}')`,
      [freshId(), createHash('sha256').update(otherKey).digest()],
    );
  }, 90_000);

  afterAll(() => suite.close(), 60_000);

  const call = (method: string, path: string, body?: unknown, key = apiKey) => client.call(method, path, body, key);
  const invoice = (number: string) => ({ invoice_number: number, amount: 10, currency: 'KES', due_date: '2026-12-01' });
  const send = async (number: string, recipients: string[], more: object = {}, key = apiKey): Promise<string[]> => {
    const body = { type: 'invoice_issued', recipients, data: invoice(number), ...more };
    const { status, json } = await call('POST', '/v1/events', body, key);
    expect([status, json.notifications.length]).toEqual([202, recipients.length]);
    return json.notifications.map((notification: { id: string }) => notification.id);
  };
  const event = (number: string, more: object = {}) => ({
    specversion: '1.0',
    id: freshId(),
    source: '/finance',
    type: 'invoice.issued',
    data: { recipient_id: id, ...invoice(number) },
    ...more,
  });
  const exported = (key = apiKey) => call('GET', `/v1/recipients/${id}/export`, undefined, key);

  /** Tables of all services in which rows of the tenant, or of no tenant, hold a text, whatever the column. */
  async function tablesWith(text: string, tenant = 'default'): Promise<string[]> {
    const tables = await suite.database.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    const found = await Promise.all(
      tables.map(async ({ name }) => {
        const rows = await suite.database.query(
          `SELECT FROM ${name} AS row
           WHERE coalesce(to_jsonb(row)->>'tenant', $1) = $1 AND strpos(row::text, $2) > 0 LIMIT 1`,
          [tenant, text],
        );
        return rows.length > 0 ? [name] : [];
      }),
    );
    return found.flat().sort();
  }

  it('gets notified by every channel, and can be told all that is held about them', async () => {
    token = await client.recipient(id, { name, email, phone });
    await client.recipient(other, { email: 'bo.privacy@example.org' });
    await call('PUT', `/v1/recipients/${id}`, { name: 'Somebody else', email: 'amina@other.example' }, otherKey);
    await send('INV-7', [id], {}, otherKey);
    const [notification] = await send('INV-7', [id]);
    await Promise.all([
      client.arrived(email, 'email'),
      client.arrived(phone, 'sms'),
      client.arrived('amina@other.example', 'email'),
    ]);
    const nextYear = new Date(Date.now() + 365 * 86_400_000).toISOString();
    await send('INV-8', [id], { send_at: nextYear });
    await send('INV-9', [other, id], { send_at: nextYear });
    client.publish('no.such.type', { ...event('INV-10'), type: 'no.such.type' });

    const json = await until('everything is in its place', async () => {
      const answer = await exported();
      const { email_deliveries = [], sms_deliveries = [], timers = [], dead_letters = [] } = answer.json;
      const sent = [...email_deliveries, ...sms_deliveries].filter(({ status }: any) => status === 'sent').length;
      return sent === 2 && timers.length === 2 && dead_letters.length === 1 && answer.json;
    });
    expect(json).toMatchObject({
      tenant: 'default',
      recipient: id,
      profile: [{ id, name, email, phone, preferences: {} }],
      decisions: [{ notification_id: notification, channels: expect.any(Array) }],
      notifications: [{ id: notification, title: expect.stringContaining('INV-7'), status: 'unread' }],
      email_deliveries: [
        { destination: email, content: { subject: expect.stringContaining('INV-7') }, attempts: [{}] },
      ],
      sms_deliveries: [{ destination: phone, content: { text: expect.stringContaining('INV-7') }, attempts: [{}] }],
    });
    expect(json.timers.map(({ message }: any) => message.data.recipients)).toEqual([[id], [id]]);
    expect(json.dead_letters[0].body).toContain('INV-10');
    expect(JSON.stringify(json)).not.toContain(other);
  });

  it('is told of what waits for a digest, too', async () => {
    const weekly = { types: { payment_received: { frequency: 'weekly' } } };
    expect((await call('PATCH', `/v1/admin/recipients/${id}/preferences`, weekly)).status).toBe(200);
    const pay = async (reference: string) => {
      const data = { amount: 10, currency: 'KES', reference };
      const request = { type: 'payment_received', recipients: [id], channels: ['email'], data };
      expect((await call('POST', '/v1/events', request)).status).toBe(202);
      return until('it waits', async () => {
        const { json } = await exported();
        return json.digest_items.length === 1 && json.digest_items[0].words.message.includes(reference);
      });
    };
    await pay('QK-1');
    // Their choice may have the first window planned anew while somebody looks.
    await until('it is to be sent now', async () => {
      const { json } = await call('GET', `/v1/admin/digests?recipient=${id}`);
      const [digest] = json.data;
      return digest && (await call('POST', `/v1/admin/digests/${digest.id}/run`)).status === 202;
    });
    await until('the digest is sent', async () => (await client.mailbox(email)).length === 2);
    await pay('QK-2');
  });

  it('is erased everywhere: nothing but the id and the time is left in any table', async () => {
    // On its way: decided, and waiting for a renderer that is not there.
    const renderer = suite.processes.find((process) => process.name === 'template-renderer')!;
    await renderer.stop();
    const before = new Date().toISOString();
    await send('INV-11', [id, other]);
    const queued = `${suite.broker.prefix}.template-renderer.routed.normal`;
    await until('both wait', async () => (await suite.broker.depth(queued)) > 0);

    const { status, json } = await call('DELETE', `/v1/recipients/${id}`);
    expect([status, json.recipient]).toEqual([202, id]);
    expect((await call('DELETE', `/v1/recipients/${id}`)).json).toEqual(json);
    expect((await call('GET', `/v1/recipients/${id}`)).status).toBe(404);
    expect((await call('POST', `/v1/recipients/${id}/tokens`)).status).toBe(404);

    await suite.start('template-renderer');
    // An event that happened before, and comes only now.
    client.publish('invoice.issued', event('INV-12', { time: before }));
    await client.arrived('bo.privacy@example.org', 'email');

    await until('nobody holds anything', async () => (await exported()).status === 404);
    await until('no table tells of the person', async () => {
      const tombstones = ['email_sender', 'gateway', 'inbox', 'preferences', 'scheduler', 'sms_sender'];
      const tables = await tablesWith(id);
      const expected = tombstones.map((schema) => `${schema}.erased_recipients`);
      if (tables.join() !== expected.join()) throw new Error(tables.join());
      return true;
    });
    for (const text of [name, email, phone]) expect(await tablesWith(text)).toEqual([]);

    expect((await client.call('GET', '/v1/notifications', undefined, token)).json.data).toEqual([]);
    expect((await client.call('GET', '/v1/notifications/unread-count', undefined, token)).json).toEqual({ count: 0 });
    expect((await client.call('GET', '/v1/preferences', undefined, token)).status).toBe(404);
    for (const channel of ['email', 'sms'])
      expect((await call('GET', `/v1/admin/deliveries/${channel}?recipient=${id}`)).json.data).toEqual([]);
    expect((await call('GET', '/v1/admin/dead-letters')).json.data).toEqual([]);
    expect((await client.mailbox(email)).map(({ text }) => /INV-\d+|QK-\d/.exec(text)![0]).sort()).toEqual([
      'INV-7',
      'QK-1',
    ]);
    expect(await client.mailbox(phone)).toHaveLength(1);
  });

  it('who has the same id in another tenant has lost nothing', async () => {
    expect((await call('GET', `/v1/recipients/${id}`, undefined, otherKey)).json).toMatchObject({
      name: 'Somebody else',
    });
    const { json } = await exported(otherKey);
    expect([json.notifications.length, json.email_deliveries.length]).toEqual([1, 1]);
  });

  it('who is created under the same id begins with nothing, and is notified like anybody', async () => {
    const renewed = await client.recipient(id, { name: 'Another Amina', email: 'another.amina@example.org' });
    expect((await exported()).json).toMatchObject({
      profile: [{ name: 'Another Amina', preferences: {} }],
      decisions: [],
      notifications: [],
      email_deliveries: [],
      timers: [],
    });
    const [notification] = await send('INV-13', [id]);
    await client.arrived('another.amina@example.org', 'email');
    await until('it is in the inbox', async () => {
      const { json } = await client.call('GET', '/v1/notifications', undefined, renewed);
      return json.data.length === 1 && json.data[0].id === notification;
    });
  });

  it('who never was cannot be erased or exported', async () => {
    expect((await call('DELETE', '/v1/recipients/nobody.privacy')).status).toBe(404);
    expect((await call('GET', '/v1/recipients/nobody.privacy/export')).status).toBe(404);
  });
});
