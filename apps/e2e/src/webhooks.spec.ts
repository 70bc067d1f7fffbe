import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until, VendorDouble } from '@carillon/testing';
import { Webhook } from 'standardwebhooks';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

describe('webhooks of a tenant', () => {
  let suite: Suite;
  let client: Client;
  let receiver: VendorDouble;
  let secret: string;
  let webhook: string;

  beforeAll(async () => {
    receiver = await VendorDouble.start();
    receiver.answer = { status: 200 };
    suite = await startSuite({
      ALLOW_PRIVATE_URLS: '127.0.0.1',
      WEBHOOK_RETRY_DELAYS: '0.5,0.5,0.5,0.5,0.5',
      WEBHOOK_TIMEOUT_MS: '1000',
    });
    client = new Client(suite);
    const input = { url: `${receiver.url}/carillon`, events: ['delivery.sent', 'notification.read'] };
    const { status, json } = await client.call('POST', '/v1/admin/webhooks', input);
    expect(status).toBe(201);
    ({ id: webhook, secret } = json);
  }, 90_000);

  afterAll(async () => {
    await suite.close();
    await receiver.close();
  }, 60_000);

  /** What was told so far, genuine and taken apart. */
  const told = () =>
    receiver.received.map(({ headers, body }) => ({
      id: headers['webhook-id'] as string,
      ...(new Webhook(secret).verify(body, headers as Record<string, string>) as { type: string; data: any }),
    }));

  const send = async (recipient: string): Promise<string> => {
    const { status, json } = await client.call('POST', '/v1/events', {
      type: 'payment_received',
      recipients: [recipient],
      data: { amount: 10, currency: 'KES', date: '2026-11-21', method: 'M-Pesa', reference: 'R-1' },
    });
    expect([status, json.errors]).toEqual([202, undefined]);
    return json.notifications[0].id as string;
  };

  it('tell a server that a message was sent and that it was read, without address and words', async () => {
    const token = await client.recipient('amina', { email: 'amina@example.org' });
    const notification = await send('amina');
    await client.arrived('amina@example.org', 'email');
    await client.call('POST', `/v1/notifications/${notification}/read`, undefined, token);
    const facts = await until('both are told', () => {
      const all = told();
      return all.length >= 2 && all;
    });
    expect(facts).toContainEqual({
      id: expect.any(String),
      type: 'delivery.sent',
      timestamp: expect.any(String),
      data: expect.objectContaining({ notification_id: notification, recipient: 'amina', channel: 'email' }),
    });
    expect(facts).toContainEqual(
      expect.objectContaining({
        type: 'notification.read',
        data: expect.objectContaining({ notification_id: notification }),
      }),
    );
    expect(JSON.stringify(receiver.received)).not.toContain('amina@example.org');
    const { json } = await client.call('GET', `/v1/admin/webhooks/${webhook}/messages?state=delivered`);
    expect(json.data).toHaveLength(2);
  });

  it('are disabled when they are gone, and the admins among the recipients are told', async () => {
    await client.call('PUT', '/v1/recipients/head', { name: 'Head', email: 'head@example.org', roles: ['admin'] });
    const { json: minted } = await client.call('POST', '/v1/recipients/head/tokens');
    const gone = await VendorDouble.start();
    gone.answer = { status: 410 };
    const input = { url: gone.url, description: 'Old billing', events: ['delivery.sent'] };
    const { json } = await client.call('POST', '/v1/admin/webhooks', input);
    await send('amina');
    const [notice] = await until('the head is told', async () => {
      const { json: inbox } = await client.call('GET', '/v1/notifications', undefined, minted.token);
      return inbox.data.length > 0 && inbox.data;
    });
    expect(notice).toMatchObject({ title: 'Webhook disabled: Old billing', category: 'system', priority: 'high' });
    expect((await client.call('GET', `/v1/admin/webhooks/${json.id}`)).json).toMatchObject({
      state: 'disabled',
      disabled_reason: 'It answered 410 Gone.',
    });
    const log = await client.call('GET', `/v1/admin/audit-log?target=webhooks/${json.id}`);
    expect(log.json.data.map(({ action, actor }: any) => [action, actor.kind])).toEqual([
      ['webhooks.disable', 'system'],
      ['webhooks.create', 'api_key'],
    ]);
    expect(JSON.stringify(log.json)).not.toContain(json.secret);
    await client.call('DELETE', `/v1/admin/webhooks/${json.id}`);
    await gone.close();
  });

  it('lose nothing when a gateway is killed in the middle: another one tells it, under the same id', async () => {
    await suite.start('gateway');
    const people = Array.from({ length: 20 }, (_, n) => `parent-${n}`);
    await Promise.all(people.map((id) => client.recipient(id, { email: `${id}@example.org` })));
    await until('all else is told', async () => {
      const { json } = await client.call('GET', `/v1/admin/webhooks/${webhook}/messages?state=pending`);
      return json.data.length === 0;
    });
    receiver.received.length = 0;
    const began = new Date().toISOString();
    // The first attempts are taken and never answered.
    receiver.answer = { fault: 'silence' };
    const notifications = await Promise.all(people.map(send));
    await until('attempts are under way', () => receiver.received.length >= 5);
    const gateway = suite.processes.findLast(({ name }) => name === 'gateway')!;
    await gateway.kill();
    receiver.answer = { status: 200 };
    const facts = await until(
      'all are told',
      () => {
        const all = told();
        return new Set(all.map(({ data }) => data.notification_id)).size === people.length && all;
      },
      { timeoutMs: 45_000 },
    );
    expect(new Set(facts.map(({ data }) => data.notification_id))).toEqual(new Set(notifications));
    expect(new Set(facts.map(({ id }) => id)).size).toBe(people.length);
    await until(
      'all are recorded as delivered',
      async () => {
        const { json } = await client.call('GET', `/v1/admin/webhooks/${webhook}/messages?state=delivered&limit=100`);
        const { data } = json as { data: { created_at: string }[] };
        return data.filter(({ created_at }) => created_at >= began).length === people.length;
      },
      { timeoutMs: 45_000 },
    );
  }, 120_000);
});
