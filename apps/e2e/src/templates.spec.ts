import { createHash } from 'node:crypto';
import { freshId } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, type Answer } from './client.ts';
import { apiKey, startSuite, type ServiceProcess, type Suite } from './suite.ts';

const otherKey = 'ck_a-tenant-with-templates-of-its-own-0123456789';
const invoice = (number: string) => ({ invoice_number: number, amount: 10, currency: 'KES', due_date: '2026-12-01' });

describe('templates', () => {
  let suite: Suite;
  let client: Client;
  let replica: ServiceProcess;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
    replica = await suite.start('template-renderer');
    tokens.amina = await client.recipient('amina', { email: 'amina.words@example.org', phone: '+254711000701' });
    tokens.juma = await client.recipient('juma', { phone: '+254711000702' });
    await client.call('PUT', '/v1/recipients/juma', { name: 'juma', phone: '+254711000702', locale: 'sw-KE' });
    await suite.database.query(
      `INSERT INTO gateway.api_keys (id, tenant, name, hash, scopes) VALUES ($1, 'other', 'test', $2, '{admin}')`,
      [freshId(), createHash('sha256').update(otherKey).digest()],
    );
  }, 120_000);

  afterAll(() => suite.close(), 60_000);

  /** Like {@link Client.call}, with a header and the ETag of the answer. */
  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer & { etag: string | null }> {
    const response = await fetch(`${suite.url}/v1/admin/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: await response.json(), etag: response.headers.get('etag') };
  }
  async function publish(key: string, source: object): Promise<number> {
    const draft = await call('PUT', `templates/${key}`, { source });
    expect([draft.status, draft.json.errors]).toEqual([200, undefined]);
    const { status, json } = await call('POST', `templates/${key}/publish`);
    expect(status).toBe(200);
    return json.template.version.version as number;
  }
  const send = async (number: string, recipient: string): Promise<string> => {
    const event = { type: 'invoice_issued', recipients: [recipient], data: invoice(number) };
    const { status, json } = await client.call('POST', '/v1/events', event);
    expect([status, json.errors]).toEqual([202, undefined]);
    return json.notifications[0].id as string;
  };
  const traced = (id: string, ready: (trace: any) => unknown): Promise<any> =>
    until(`the trace of ${id}`, async () => {
      const { json } = await client.call('GET', `/v1/notifications/${id}/trace`);
      return ready(json) ? json : undefined;
    });
  const smsOf = async (id: string): Promise<any> => {
    const { deliveries } = await traced(id, (trace) =>
      trace.deliveries.some(({ channel }: { channel: string }) => channel === 'sms'),
    );
    return deliveries.find(({ channel }: { channel: string }) => channel === 'sms');
  };

  it('are written as drafts, and used by the next event on every channel once they are published', async () => {
    const words = {
      in_app: { title: 'Invoice {{ invoice_number }}, first words', message: 'Please pay.' },
      email: { subject: 'Invoice {{ invoice_number }}, first words', body: '<mj-text>Please pay.</mj-text>' },
      sms: { text: 'Invoice {{ invoice_number }}, first words' },
    };
    for (const [channel, source] of Object.entries(words)) {
      const { status, json, etag } = await call('PUT', `templates/invoice_issued.${channel}.en`, { source });
      expect(status).toBe(200);
      expect(json).toMatchObject({
        owner: 'own',
        status: 'draft',
        version: null,
        draft: { based_on: 0 },
        warnings: [],
      });
      expect(etag).toBe(`"${json.draft.revision}"`);
    }
    const before = await smsOf(await send('INV-1', 'amina'));
    expect(before.template).toEqual({ key: 'invoice_issued', version: 1, locale: 'en' });
    expect(before.content.text).not.toContain('first words');

    for (const channel of Object.keys(words)) {
      const { status, json } = await call('POST', `templates/invoice_issued.${channel}.en/publish`);
      expect([status, json.published, json.template.version.version]).toEqual([200, true, 1]);
    }
    const id = await send('INV-2', 'amina');
    const trace = await traced(id, ({ in_app, deliveries }) => in_app && deliveries.length === 2);
    expect(trace.in_app).toMatchObject({
      title: 'Invoice INV-2, first words',
      template: { key: 'invoice_issued', version: 1, locale: 'en' },
    });
    const texts = trace.deliveries.map(({ channel, content }: any) => [channel, content.subject ?? content.text]);
    expect(Object.fromEntries(texts)).toEqual({
      email: 'Invoice INV-2, first words',
      sms: 'Invoice INV-2, first words',
    });
  });

  it('are not overwritten by two editors who do not know of each other', async () => {
    const key = 'payment_received.sms.en';
    const first = await call('PUT', `templates/${key}`, { source: { text: 'First {{ reference }}' } });
    const blind = await call('PUT', `templates/${key}`, { source: { text: 'Second' } });
    expect(blind).toMatchObject({ status: 428, json: { code: 'draft_exists' } });
    const seen = await call('PUT', `templates/${key}`, { source: { text: 'Second' } }, { 'if-match': first.etag! });
    expect(seen.status).toBe(200);
    const late = await call('POST', `templates/${key}/publish`, undefined, { 'if-match': first.etag! });
    expect(late).toMatchObject({ status: 412, json: { code: 'draft_changed' } });
    expect(await call('GET', `templates/${key}`)).toMatchObject({ status: 200, etag: seen.etag });
    expect(await call('DELETE', `templates/${key}`)).toMatchObject({ status: 200, json: { draft: { based_on: 0 } } });
    expect((await call('GET', `templates/${key}`)).json).toMatchObject({ owner: 'system', draft: null });
  });

  it('are refused with line and column, and so is whatever else is wrong', async () => {
    const refused = async (key: string, source: object) => (await call('PUT', `templates/${key}`, { source })).json;
    expect(await refused('invoice_issued.sms.sw', { text: 'Ankara\n {{ amount | shilingi }}' })).toMatchObject({
      status: 422,
      code: 'invalid_template',
      errors: [{ path: 'source.text', line: 2, column: 2, message: expect.stringContaining('undefined filter') }],
    });
    const body = '<mj-text>One</mj-text>\n<mj-image src="/a.png" colour="red" />';
    expect(await refused('invoice_issued.email.sw', { subject: 'S', body })).toMatchObject({
      errors: [{ path: 'source.body', line: 2 }],
    });
    expect(await refused('no_such_type.sms.en', { text: 'x' })).toMatchObject({ status: 422, code: 'unknown_type' });
    expect(await refused('invoice_issued.sms.english', { text: 'x' })).toMatchObject({ errors: [{ path: 'key' }] });
    expect(await refused('invoice_issued.fax.en', { text: 'x' })).toMatchObject({ status: 400, code: 'invalid_path' });
    expect(await refused('invoice_issued', { text: 'x' })).toMatchObject({ status: 400, code: 'invalid_path' });
    expect((await call('GET', 'templates?colour=red')).status).toBe(400);
    expect((await call('GET', 'templates/invoice_issued.sms.en/versions/99')).status).toBe(404);
    expect((await call('POST', 'templates/invoice_issued.sms.sw/publish')).json).toMatchObject({ code: 'no_draft' });
  });

  it('go back to any earlier version; the history stays and the difference is shown', async () => {
    const key = 'invoice_issued.sms.en';
    expect(await publish(key, { text: 'Invoice {{ invoice_number }}, second words' })).toBe(2);
    expect((await smsOf(await send('INV-3', 'amina'))).content.text).toBe('Invoice INV-3, second words');
    expect((await call('GET', `templates/${key}/diff?from=1&to=2`)).json.fields).toEqual([
      {
        field: 'text',
        change: 'changed',
        lines: [
          { change: 'removed', text: 'Invoice {{ invoice_number }}, first words' },
          { change: 'added', text: 'Invoice {{ invoice_number }}, second words' },
        ],
      },
    ]);
    const { json } = await call('POST', `templates/${key}/rollback`, { version: 1 });
    expect(json.template.version).toMatchObject({ version: 3, restored_from: 1, in_use: true });
    const restored = await smsOf(await send('INV-4', 'amina'));
    expect(restored.template.version).toBe(3);
    expect(restored.content.text).toBe('Invoice INV-4, first words');
    const versions = (await call('GET', `templates/${key}/versions?limit=2`)).json;
    expect(versions.data.map(({ version }: any) => version)).toEqual([3, 2]);
    const rest = await call('GET', `templates/${key}/versions?cursor=${versions.next_cursor}`);
    expect(rest.json).toMatchObject({ data: [{ version: 1, in_use: false }], next_cursor: null });
  });

  it('are the same words at every replica after publishing', async () => {
    const version = await publish('invoice_issued.sms.en', { text: '{{ invoice_number }}: at every replica' });
    const renderers = [suite.processes.find(({ name }) => name === 'template-renderer')!, replica];
    const rendered = () =>
      Promise.all(
        renderers.map(async ({ port }) => {
          const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
          return Number(/carillon_channels_rendered_total\{[^}]*channel="sms"[^}]*\} (\d+)/.exec(metrics)?.[1] ?? 0);
        }),
      );
    let round = 0;
    await until('both have worked on a round, with the new words alone', async () => {
      round++;
      const before = await rendered();
      const ids = await Promise.all(Array.from({ length: 10 }, (_, index) => send(`R-${round}-${index}`, 'amina')));
      const deliveries = await Promise.all(ids.map(smsOf));
      const both = (await rendered()).every((count, index) => count > before[index]!);
      return both && deliveries.every(({ template }) => template.version === version);
    });
  });

  it('say in the trace when others had to be used: switched off, or not there in the language', async () => {
    const key = 'invoice_issued.sms.en';
    const wanted = 'invoice_issued.sms.sw-KE';
    await publish('invoice_issued.sms.fr', { text: 'Facture {{ invoice_number }}' });
    const { template: missing } = await smsOf(await send('INV-5', 'juma'));
    // Carillon’s own Swahili comes after the school’s own English.
    expect(missing).toMatchObject({ key: 'invoice_issued', locale: 'en', fallback: { wanted, reason: 'missing' } });

    const off = await call('PATCH', `templates/${key}`, { active: false });
    expect([off.status, off.json.status]).toEqual([200, 'inactive']);
    const fallback = { wanted: key, reason: 'inactive' };
    const { template } = await until('it is passed over', async () => {
      const delivery = await smsOf(await send('INV-6', 'amina'));
      return delivery.template.fallback && delivery;
    });
    expect(template).toMatchObject({ key: 'invoice_issued', version: 1, locale: 'en', fallback });
    expect((await call('GET', 'templates?status=inactive')).json.data.map((one: any) => one.key)).toEqual([key]);
    await call('PATCH', `templates/${key}`, { active: true });
    await until('it is back', async () => !(await smsOf(await send('INV-7', 'amina'))).template.fallback);
  });

  it('go to translators and come back', async () => {
    const key = 'invoice_issued.sms';
    const missing = async () =>
      (await call('GET', 'translations/missing?locales=sw&types=invoice_issued&owner=own')).json.data as any[];
    const file = (await call('GET', 'translations?locales=sw&types=invoice_issued&owner=own')).json;
    file.templates = { [key]: file.templates[key] };
    file.templates[key].text.sw = 'Ankara {{ invoice_number }} {{ kiasi | pesa }}';
    expect((await call('POST', 'translations', file)).json).toMatchObject({
      code: 'invalid_translations',
      errors: [{ path: 'templates.invoice_issued.sms.text.sw', line: 1 }],
    });
    file.templates[key].text.sw = 'Ankara {{ invoice_number }}';
    const tried = await call('POST', 'translations?dry_run=true&publish=true', file);
    expect(tried.json).toMatchObject({ dry_run: true, templates: [{ key: `${key}.sw`, result: 'published' }] });
    const published = await call('POST', 'translations?publish=true', file);
    expect([published.status, published.json.errors]).toEqual([200, undefined]);
    expect(await missing()).toEqual(expect.not.arrayContaining([expect.objectContaining({ key: `${key}.sw` })]));
    const { content, template } = await until('it is used', async () => {
      const delivery = await smsOf(await send('INV-8', 'juma'));
      return delivery.template.locale === 'sw' && delivery;
    });
    expect([content.text, template.fallback]).toEqual(['Ankara INV-8', undefined]);
  });

  it('of a catalog give way to an admin’s until the document changes them, and the document says so', async () => {
    const document = (text: string, type = 'lesson_moved') => `types:
  ${type}:
    category: activity
    channels: [in_app]
    templates:
      en:
        in_app: { title: '${text}', message: 'See you there.' }
`;
    const put: Client['putCatalog'] = (...request) => client.putCatalog(...request);
    const key = 'lesson_moved.in_app.en';
    const state = async () => (await call('GET', `templates/${key}`)).json;
    await put(document('Document'));
    await until('its words are in use', async () => (await state()).version?.origin === 'catalog');
    expect(await publish(key, { title: 'Admin', message: 'Hello' })).toBe(2);
    const same = await put(document('Document'), '?dry_run=true');
    expect(same.json.warnings).toContainEqual({
      path: 'types.lesson_moved.templates.en.in_app',
      message: expect.stringMatching(/^is not in use: version 2, .* stands until these words change$/),
      line: 7,
      column: expect.any(Number),
    });
    await put(`${document('Document')}# Only a remark.\n`);
    expect((await state()).version).toMatchObject({ version: 2, origin: 'admin' });
    await put(document('Document, changed'));
    await until('the document’s are in use', async () => (await state()).version.version === 3);
    expect(await state()).toMatchObject({
      version: { origin: 'catalog', source: { title: 'Document, changed' } },
      document: { version: 3, newest: true },
    });
    await call('POST', `templates/${key}/rollback`, { version: 2 });
    expect(await state()).toMatchObject({
      version: { version: 4, restored_from: 2 },
      document: { version: 3, newest: false },
    });
    const catalog = await fetch(`${suite.url}/v1/admin/catalog?format=yaml`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(await catalog.text()).toBe(document('Document, changed'));
  });

  it('are nobody else’s', async () => {
    const asOther = { authorization: `Bearer ${otherKey}` };
    await call('PUT', 'templates/invoice_issued.sms.pt', { source: { text: 'Fatura' } });
    const get = (path: string) => call('GET', path, undefined, asOther);
    expect((await get('templates/invoice_issued.sms.pt')).status).toBe(404);
    expect((await get('templates/invoice_issued.sms.fr')).status).toBe(404);
    expect((await get('templates/invoice_issued.sms.en?owner=own')).status).toBe(404);
    expect((await get('templates/invoice_issued.sms.en')).json).toMatchObject({ owner: 'system', draft: null });
    expect((await get('templates?owner=own')).json.data).toEqual([]);
    expect((await get('translations?locales=sw&owner=own')).json.templates).toEqual({});
    expect((await call('POST', 'templates/invoice_issued.sms.pt/publish', undefined, asOther)).status).toBe(409);
    expect((await call('DELETE', 'templates/invoice_issued.sms.pt', undefined, asOther)).status).toBe(404);
  });
});
