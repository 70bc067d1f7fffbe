import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { emailRendered, smsRendered, type CloudEvent, type EmailRendered } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { CatalogUnderTest, type CatalogOfTenant } from '../../testing/catalog-under-test.ts';
import { ApiKeys } from '../access/api-keys.ts';

describe('what templates would say, by REST', () => {
  let catalogs: CatalogUnderTest;
  let emails: CloudEvent<EmailRendered>[];
  let school: CatalogOfTenant;
  let other: CatalogOfTenant;

  beforeAll(async () => {
    catalogs = await CatalogUnderTest.start();
    emails = await catalogs.gateway.broker.capture(emailRendered);
    await catalogs.gateway.broker.capture(smsRendered);
    [school, other] = await Promise.all([catalogs.tenant(), catalogs.tenant()]);
    const amina = { name: 'Amina Wanjiku', email: 'a@example.org', locale: 'en-US', time_zone: 'Africa/Nairobi' };
    await school.call('PUT', '/v1/recipients/amina', amina);
  }, 60_000);
  afterAll(() => catalogs.close());

  const preview = (key: string, body: object = {}, query = '', headers = {}) =>
    school.call('POST', `/templates/${key}/preview${query}`, body, headers);
  const testSend = (tenant: CatalogOfTenant, key: string, body: object) =>
    tenant.call('POST', `/templates/${key}/test-send`, body);

  it('is shown with the sample of the type, or with data, language and zone of somebody', async () => {
    const { status, json } = await preview('invoice_issued.email.en');
    expect([status, json.rendered.email.subject, json.data_origin]).toEqual([
      200,
      'Invoice INV-1001: KES 12,500.00',
      'system',
    ]);
    const source = { text: '{{ recipient.name }}: {{ starts_at | date: "datetime" }}' };
    const data = { starts_at: '2026-11-21T20:00:00Z' };
    const text = async (more: object) =>
      (await preview('lesson_moved.sms.en', { source, data, ...more })).json.rendered.sms.text;
    expect(await text({ recipient: 'amina' })).toMatch(/^Amina Wanjiku: November 21, 2026 at 11:00.PM/);
    expect(await text({ recipient: 'amina', time_zone: 'UTC', locale: 'en-GB' })).toMatch(
      /^Amina Wanjiku: 21 November 2026 at 20:00 UTC/,
    );
    expect((await preview('lesson_moved.sms.en', { source, recipient: 'nobody' })).status).toBe(404);
  });

  it('is shown with sample data of one’s own, which belong to the tenant', async () => {
    const put = { data: { course: 'Piano' } };
    expect((await school.call('PUT', '/samples/lesson_moved', put)).json).toEqual({
      type: 'lesson_moved',
      ...put,
      origin: 'tenant',
    });
    const source = { text: '{{ course }}' };
    expect((await preview('lesson_moved.sms.en', { source })).json.rendered.sms.text).toBe('Piano');
    expect((await other.call('GET', '/samples/lesson_moved')).json).toEqual({
      type: 'lesson_moved',
      data: {},
      origin: 'none',
    });
    expect((await school.call('DELETE', '/samples/lesson_moved')).json.origin).toBe('none');
    expect((await preview('lesson_moved.sms.en', { source })).json.variables.missing).toEqual(['course']);
    for (const [path, body] of [
      ['/samples/Not a key', put],
      ['/samples/lesson_moved', { data: 'Piano' }],
      ['/samples/lesson_moved', { data: { text: 'x'.repeat(60_000) } }],
      ['/samples/lesson_moved', { data: { text: '\0' } }],
      ['/samples/lesson_moved', { sample: {} }],
    ] as const)
      expect((await school.call('PUT', path, body)).status).toBe(400);
  });

  it('is shown as a page that runs nothing', async () => {
    const source = {
      subject: 'Hello',
      body: '<mj-text>{{ words }}</mj-text>',
    };
    const data = { words: '<script>alert(1)</script>' };
    for (const [query, headers] of [
      ['?format=html', {}],
      ['', { accept: 'text/html,*/*' }],
    ] as const) {
      const page = await preview('lesson_moved.email.en', { source, data }, query, headers);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
      expect(page.text).toContain('&lt;script&gt;');
      expect(page.text).not.toContain('<script>');
    }
    const wrong = await preview('lesson_moved.email.en', { source }, '?format=html');
    expect([wrong.status, wrong.json]).toMatchObject([
      422,
      { code: 'cannot_render', errors: [{ path: 'data.words' }] },
    ]);
    const sms = await preview('invoice_issued.sms.en', {}, '?format=html');
    expect([sms.status, sms.json.code]).toEqual([422, 'no_html']);
  });

  it('refuses what it cannot understand, by field', async () => {
    const refusals: [string, object, string, string][] = [
      ['invoice_issued', {}, '', 'key'],
      ['invoice_issued.fax.en', {}, '', 'key'],
      ['invoice_issued.sms.en', { version: 0 }, '', 'version'],
      ['invoice_issued.sms.en', { version: 1, source: {} }, '', 'version'],
      ['invoice_issued.sms.en', { locale: 'english' }, '', 'locale'],
      ['invoice_issued.sms.en', { time_zone: 'Mars/Olympus' }, '', 'time_zone'],
      ['invoice_issued.sms.en', { time_zone: '+03:00' }, '', 'time_zone'],
      ['invoice_issued.sms.en', { colour: 'red' }, '', 'colour'],
      ['invoice_issued.sms.en', { data: { a: '\0' } }, '', 'data.a'],
      ['invoice_issued.sms.en', {}, '?format=pdf', 'format'],
    ];
    for (const [key, body, query, path] of refusals) {
      const { status, json } = await preview(key, body, query);
      expect([status, json.errors?.[0]?.path]).toEqual([400, path]);
    }
    expect((await preview('nothing_like_it.sms.en')).status).toBe(404);
  });

  it('is for admins only', async () => {
    const key = await catalogs.gateway.running.app.get(ApiKeys).create(school.tenant, 'events', ['events:write']);
    for (const path of ['templates/invoice_issued.sms.en/preview', 'templates/invoice_issued.sms.en/test-send']) {
      const response = await fetch(`${catalogs.url}/v1/admin/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: '{"to":"amina"}',
      });
      expect(response.status).toBe(403);
    }
  });

  it('can be sent to a recipient and to an address, marked as a test', async () => {
    const sent = await testSend(school, 'invoice_issued.email.en', { to: 'amina' });
    expect([sent.status, sent.json]).toEqual([
      202,
      { notification_id: expect.any(String), delivery_id: expect.any(String), channel: 'email' },
    ]);
    const source = { subject: 'Draft for {{ recipient.name | default: "you" }}', body: '<mj-text>B</mj-text>' };
    await testSend(school, 'lesson_moved.email.en', { to: 'Desk@example.org', source });
    await until('both are on their way', () => emails.length === 2);
    expect(emails.map(({ tenant, data }) => [tenant, data.to, data.recipient, data.subject])).toEqual([
      [
        school.tenant,
        { address: 'a@example.org', name: 'Amina Wanjiku' },
        'amina',
        '[Test] Invoice INV-1001: KES 12,500.00',
      ],
      [school.tenant, { address: 'desk@example.org', name: null }, 'desk@example.org', '[Test] Draft for you'],
    ]);
    expect(emails[0]!.data.delivery_id).toBe(sent.json.delivery_id);
  });

  it('is not sent where it would not arrive, or says nothing', async () => {
    const suppression = { channel: 'email', address: 'gone@example.org', reason: 'manual' };
    expect((await school.call('POST', '/suppressions', suppression)).status).toBe(201);
    const refusals: [string, object, number, string][] = [
      ['invoice_issued.email.en', { to: 'gone@example.org' }, 422, 'suppressed_contact'],
      ['invoice_issued.email.en', { to: 'nobody' }, 422, 'invalid_address'],
      ['invoice_issued.sms.en', { to: 'amina' }, 422, 'no_contact'],
      ['invoice_issued.in_app.en', { to: 'a@example.org' }, 404, 'not_found'],
      ['invoice_issued.email.en', { to: 'amina', data: {} }, 422, 'cannot_render'],
      ['nothing_like_it.email.en', { to: 'amina' }, 404, 'not_found'],
      ['invoice_issued.email.en', {}, 400, 'invalid_body'],
    ];
    const before = emails.length;
    for (const [key, body, status, code] of refusals) {
      const answer = await testSend(school, key, body);
      expect([key, answer.status, answer.json.code]).toEqual([key, status, code]);
    }
    expect(emails).toHaveLength(before);
  });

  it('is sent thirty times in ten minutes, then the answer says when again', async () => {
    const busy = await catalogs.tenant();
    const statuses: number[] = [];
    for (let times = 0; times < 31; times++) {
      const { status, headers } = await testSend(busy, 'welcome.email.en', { to: 'desk@example.org' });
      statuses.push(status);
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(400);
    }
    expect([statuses.indexOf(429), statuses.lastIndexOf(202)]).toEqual([30, 29]);
  });
});
