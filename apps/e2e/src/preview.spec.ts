import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshId } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

describe('words that somebody works on', () => {
  let suite: Suite;
  let client: Client;
  const key = 'fee_reminder.email.en';
  const source = (text: string) => ({
    subject: 'Fees of {{ term }}',
    body: `<mj-text>${text}</mj-text>`,
  });

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
    await client.recipient('amina.preview', { name: 'Amina', email: 'amina.preview@example.org' });
    const catalog = { types: { fee_reminder: { category: 'billing', channels: ['email'], on: 'fees.due' } } };
    expect((await call('PUT', '/v1/admin/catalog', catalog)).status).toBe(200);
  }, 90_000);

  afterAll(() => suite.close(), 60_000);

  const call = (method: string, path: string, body?: unknown, credential?: string) =>
    client.call(method, path, body, credential);
  const preview = (body: object) => call('POST', `/v1/admin/templates/${key}/preview`, body);
  const event = (data?: object) =>
    call('POST', '/v1/events', { type: 'fee_reminder', recipients: ['amina.preview'], ...(data && { data }) });

  it('are seen as they would be sent, sent to oneself, and asked for what they need once they are published', async () => {
    const words = source('{{ amount | money: currency }} for {{ child.name }}.');
    expect((await call('PUT', `/v1/admin/templates/${key}`, { source: words })).status).toBe(200);
    const data = { term: 'Term 1', amount: 12500, currency: 'KES', child: { name: 'Tom & Co' } };
    expect((await call('PUT', '/v1/admin/samples/fee_reminder', { data })).status).toBe(200);

    const { json } = await preview({ recipient: 'amina.preview' });
    expect(json).toMatchObject({
      stage: 'draft',
      errors: [],
      data_origin: 'tenant',
      variables: { required: ['amount', 'child.name', 'currency', 'term'], missing: [] },
    });
    expect(json.rendered.email.html).toContain('KES 12,500.00 for Tom &amp; Co.');
    expect(json.rendered.email.text).toContain('Hi Amina,');
    expect((await preview({ data: { term: 'x' } })).json).toMatchObject({
      rendered: null,
      variables: { missing: ['amount', 'child.name', 'currency'] },
    });

    const test = await call('POST', `/v1/admin/templates/${key}/test-send`, { to: 'desk@example.org' });
    expect(test.status).toBe(202);
    const arrived = await client.arrived('desk@example.org', 'email');
    expect(arrived.subject).toBe('[Test] Fees of Term 1');
    expect(arrived.text).toContain('KES 12,500.00 for Tom & Co.');
    const logged = await until('the log shows it', async () => {
      const delivery = await call('GET', `/v1/admin/deliveries/email/${test.json.delivery_id}`);
      return delivery.status === 200 && delivery.json.status === 'sent' && delivery.json;
    });
    expect(logged).toMatchObject({
      type: 'test_message',
      notification_id: test.json.notification_id,
      template: { key: 'fee_reminder', version: 0, locale: 'en' },
    });

    // Nothing is published yet, so the generic words are used, which need nothing.
    expect((await call('POST', `/v1/admin/templates/${key}/publish`)).status).toBe(200);
    const refused = await until('the published words are asked for what they need', async () => {
      const answer = await event({ term: 'Term 2', child: { name: '' }, code: 'secret-731904' });
      return answer.status === 422 && answer.json;
    });
    expect(refused).toMatchObject({
      code: 'missing_data',
      errors: ['amount', 'child.name', 'currency'].map((field) => ({
        path: `data.${field}`,
        message: 'is missing or empty; needed by the template fee_reminder (email en v1)',
      })),
    });
    expect(JSON.stringify(refused)).not.toMatch(/secret|Term 2/);
    expect((await event({ ...data, term: 'Term 3' })).status).toBe(202);
    await until('it has arrived', async () =>
      (await client.mailbox('amina.preview@example.org')).some(({ subject }) => subject === 'Fees of Term 3'),
    );
  });

  it('park an event from RabbitMQ that lacks what they need, naming field and template', async () => {
    client.publish('fees.due', {
      specversion: '1.0',
      id: freshId(),
      source: '/finance',
      type: 'fees.due',
      data: { recipient_id: 'amina.preview', term: 'Term 4', amount: 1, currency: 'KES', child: { name: ' ' } },
    });
    const letter = await until('it is parked', async () => {
      const { json } = await call('GET', '/v1/admin/dead-letters');
      return json.data.find(({ error }: { error: string }) => error.includes('fee_reminder'));
    });
    expect(letter.error).toContain(
      `email (template fee_reminder v1, en): the event's data have no "child.name"; send it in data`,
    );
    expect(letter.error).not.toContain('Term 4');
    const subjects = (await client.mailbox('amina.preview@example.org')).map(({ subject }) => subject);
    expect(subjects).not.toContain('Fees of Term 4');
  });

  it('come to oneself by the channel that one asks for, not too often', async () => {
    const token = await client.recipient('bo.preview', { email: 'bo.preview@example.org' });
    await call('PUT', '/v1/preferences', { channels: { email: false } }, token);
    const tryOut = (channel: string) => call('POST', '/v1/preferences/test', { channel }, token);
    const { status, json } = await tryOut('email');
    expect(status).toBe(202);
    const { subject } = await client.arrived('bo.preview@example.org', 'email');
    expect(subject).toContain('Test message');
    const trace = await until('it is told why', async () => {
      const answer = await call('GET', `/v1/notifications/${json.notification_id}/trace`);
      return answer.status === 200 && answer.json.deliveries.length > 0 && answer.json;
    });
    expect(trace.decision).toMatchObject([{ channel: 'email', outcome: 'send', rule: 'mandatory' }]);
    expect((await tryOut('sms')).json).toMatchObject({ code: 'no_contact' });
    expect([(await tryOut('email')).status, (await tryOut('email')).status, (await tryOut('email')).status]).toEqual([
      202, 202, 429,
    ]);
  });
});
