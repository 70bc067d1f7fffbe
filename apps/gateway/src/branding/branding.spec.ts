import { renderNotifications, notificationRouted } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogUnderTest, type CatalogOfTenant } from '../../testing/catalog-under-test.ts';

describe('what a tenant’s messages have in common', () => {
  let services: CatalogUnderTest;
  let school: CatalogOfTenant;
  let other: CatalogOfTenant;

  beforeAll(async () => {
    services = await CatalogUnderTest.start();
    [school, other] = await Promise.all([services.tenant(), services.tenant()]);
  });

  afterAll(() => services.close());

  const call = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    school.call(method, `/${path}`, body, headers);

  /** What an event of the type would say now. */
  async function rendered(type: string, data: Record<string, unknown>, channel: 'email' | 'sms') {
    const deliveries = [{ delivery_id: 'd', channel, address: 'a' }];
    const routed = [{ ...notificationRouted.example, type, data, deliveries }];
    const { notifications } = await services.gateway.messages.call(renderNotifications, {
      tenant: school.tenant,
      routed,
    });
    expect(notifications[0]!.errors).toEqual([]);
    return notifications[0]!;
  }

  /** The email that a receipt becomes. */
  async function email() {
    const data = { reference: 'R-1', amount: 12500, currency: 'KES' };
    const { rendered: words, template } = await rendered('payment_received', data, 'email');
    return { html: words.email!.html, template: template.email };
  }

  it('is the installation’s brand until the tenant says its own', async () => {
    const { status, json } = await call('GET', 'brand');
    expect(status).toBe(200);
    expect(json).toMatchObject({ settings: {}, updated_at: null, brand: { colors: { primary: '#2457d6' } } });
    expect(json.brand.default_locale).toBe('en');
  });

  it('is its name, logo and colours in the next email, and nobody else’s', async () => {
    const settings = {
      name: 'Umoja School',
      logo_url: 'https://umoja.example/logo.png',
      colors: { primary: '#0A5' },
      site_url: 'https://umoja.example/',
      support_phone: '+254 711 000 777',
    };
    const { json } = await call('PUT', 'brand', settings);
    expect(json.brand).toMatchObject({
      name: 'Umoja School',
      colors: { primary: '#00aa55', secondary: '#00aa55' },
      frontend_url: 'https://umoja.example',
    });
    const { html } = await until('the renderer is ready', email);
    expect(html).toContain('https://umoja.example/logo.png');
    expect(html).toContain('bgcolor="#00aa55"');
    expect(html).toContain('+254 711 000 777');
    expect((await other.call('GET', '/brand')).json.settings).toEqual({});
  });

  it('is changed field by field, and null goes back', async () => {
    const { json } = await call('PATCH', 'brand', { colors: { background: '#fff' }, support_phone: null });
    expect(json.settings).toMatchObject({
      name: 'Umoja School',
      colors: { primary: '#00aa55', background: '#ffffff' },
    });
    expect(json.brand.support_phone).toBeNull();
    expect((await call('PATCH', 'brand', { colors: null })).json.brand.colors.primary).toBe('#2457d6');
    const again = await call('PATCH', 'brand', { colors: { primary: '#00aa55' } });
    expect(again.json.settings.colors).toEqual({ primary: '#00aa55' });
  });

  it.each([
    [{ colors: { primary: 'red; background: url(x)' } }, 'colors.primary', 'hexadecimal'],
    [{ logo_url: 'http://umoja.example/logo.png' }, 'logo_url', 'https://'],
    [{ logo_url: 'javascript:alert(1)' }, 'logo_url', 'address'],
    [{ site_url: 'https://x.example/"onload' }, 'site_url', 'quotes'],
    [{ name: 'A\r\nBcc: x' }, 'name', 'control characters'],
    [{ support_email: 'nobody' }, 'support_email', 'email address'],
    [{ default_locale: 'english' }, 'default_locale', 'such as en, sw or pt-BR'],
    [{ colour: 'red' }, 'colour', 'not a known field'],
  ])('refuses %j, naming the field and the cure', async (settings, path, words) => {
    const { status, json } = await call('PUT', 'brand', settings);
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ path, message: expect.stringContaining(words) }]);
  });

  it('is a partial in an SMS, saved, changed, rolled back and removed', async () => {
    const partial = 'partials/office';
    const created = await call(
      'PUT',
      partial,
      { text: 'Office: {{ brand.name }}', note: 'first' },
      { 'if-match': '"0"' },
    );
    expect(created).toMatchObject({ status: 200, json: { version: 1, changed: true } });
    expect((await call('PUT', partial, { text: 'x' }, { 'if-match': '"0"' })).status).toBe(412);
    await call('PUT', 'catalog', {
      types: {
        trip: {
          category: 'activity',
          channels: ['sms'],
          templates: { en: { sms: { text: "{{ title }}. {% render 'office' %}" } } },
        },
      },
    });
    const text = async () => (await rendered('trip', { title: 'Trip' }, 'sms')).rendered.sms?.text;
    await until('the catalog is in use', async () => (await text()) === 'Trip. Office: Umoja School');

    const dry = await call('PUT', `${partial}?dry_run=true`, { text: 'Call us' });
    expect(dry.json).toMatchObject({ version: 2, dry_run: true, templates: ['trip.sms.en'] });
    await call('PUT', partial, { text: 'Call us' });
    await until('the new words are in use', async () => (await text()) === 'Trip. Call us');
    const found = await call('GET', partial);
    expect(found.headers.get('etag')).toBe('"2"');
    expect(found.json).toMatchObject({ used_by: ['trip.sms.en'], version: 2 });

    const broken = await call('DELETE', partial);
    expect([broken.status, broken.json.code]).toEqual([422, 'templates_would_break']);
    expect(broken.json.errors[0]).toMatchObject({ path: 'trip.sms.en.text', line: 1, column: 14 });

    expect((await call('POST', `${partial}/rollback`, { version: 1 })).json).toMatchObject({ version: 3 });
    await until('the first words are back', async () => (await text()) === 'Trip. Office: Umoja School');
    const versions = await call('GET', `${partial}/versions?limit=2`);
    expect(versions.json.data.map(({ version }: any) => version)).toEqual([3, 2]);
    const rest = await call('GET', `${partial}/versions?cursor=${versions.json.next_cursor}`);
    expect(rest.json).toMatchObject({ data: [{ version: 1, note: 'first' }], next_cursor: null });
    expect((await other.call('GET', `/${partial}`)).status).toBe(404);
    expect((await call('GET', `${partial}?version=2`)).json.source).toEqual({ text: 'Call us' });
  });

  it('is a layout around Carillon’s own emails, named by the delivery', async () => {
    const mjml =
      '<mjml><mj-body><mj-section><mj-column>[[greeting]][[body]]<mj-text>Ever onward</mj-text></mj-column></mj-section></mj-body></mjml>';
    const refused = await call('PUT', 'layouts/default', { mjml: mjml.replace('[[greeting]]', '\n<mj-txt />') });
    expect(refused.json).toMatchObject({ code: 'invalid_layout', errors: [{ path: 'mjml', line: 2 }] });
    const saved = await call('PUT', 'layouts/default', { mjml });
    expect(saved.json.built_in).toContain('payment_received.email.en');
    await until('it is in use', async () => (await email()).html.includes('Ever onward'));
    expect((await email()).template).toMatchObject({ key: 'payment_received', frame: 4 });
    expect((await call('GET', 'layouts')).json.data).toMatchObject([{ key: 'default', version: 1 }]);
    expect((await call('DELETE', 'layouts/default')).json).toMatchObject({ version: null, changed: true });
    await until('Carillon’s frame is back', async () => !(await email()).html.includes('Ever onward'));
  });
});
