import {
  catalogApplied,
  getFragment,
  listFragments,
  listFragmentVersions,
  saveBrand,
  saveFragment,
  templatesChanged,
  type CatalogApplied,
  type Channel,
  type CloudEvent,
  type FragmentAnswer,
  type Problem,
  type SaveFragment,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Renderer } from '../rendering/renderer.ts';
import { service } from '../service.ts';
import { routedTo } from '../testing/sample.ts';
import { Framing } from './framing.ts';

let renderer: TestService;
let replica: TestService;
let announced: CloudEvent[];

beforeAll(async () => {
  renderer = await startTestService(service);
  const { database, broker } = renderer;
  replica = await startTestService(service, {}, { database, broker });
  announced = await broker.capture(templatesChanged);
});
afterAll(async () => {
  await replica?.close();
  await renderer?.close();
});

/** Saves a partial, unless the changes say otherwise. */
function save(
  tenant: string,
  changes: Partial<SaveFragment> & Pick<SaveFragment, 'key' | 'source'>,
): Promise<FragmentAnswer> {
  const request = { tenant, kind: 'partial' as const, note: null, by: 'test', dry_run: false, ...changes };
  return renderer.messages.call(saveFragment, request, { timeoutMs: 60_000 });
}

const layout = (tenant: string, mjml: string, changes: Partial<SaveFragment> = {}) =>
  save(tenant, { kind: 'layout', key: 'default', source: { mjml }, ...changes });

/** What was wrong, as `path: message`. */
async function refused(saving: Promise<unknown>): Promise<string[]> {
  const problem = (await saving.then(
    () => undefined,
    (error: unknown) => error,
  )) as Problem | undefined;
  expect(problem).toMatchObject({ status: 422 });
  return [problem!.code, ...problem!.errors!.map(({ path, message }) => `${path}: ${message}`)];
}

let catalogs = 0;

/** Gives a tenant words of its own. */
async function words(tenant: string, templates: CatalogApplied['templates']): Promise<void> {
  const before = announced.length;
  const version = ++catalogs;
  await renderer.messages.publish(catalogApplied, { version, templates }, { tenant, id: `${tenant}-${version}` });
  await until('it is announced', () => announced.slice(before).some((event) => event.tenant === tenant));
}

/** What a replica would say now. */
async function said(
  tenant: string,
  type: string,
  channel: Channel = 'sms',
  {
    data = {},
    locale = 'en',
    at = renderer,
  }: { data?: Record<string, unknown>; locale?: string; at?: TestService } = {},
): Promise<any> {
  const recipient = { id: 'parent-17', name: 'Amina', locale, time_zone: 'UTC' };
  const { deliveries, failures } = await at.running.app
    .get(Renderer)
    .render(tenant, routedTo([channel], { type, data, recipient }));
  expect(failures).toEqual([]);
  return deliveries[0]!.data;
}

const sms = (text: string) => ({ en: { sms: { text } } });
const frame = (before: string) => `<mjml><mj-body>
  <mj-section><mj-column><mj-text>${before}</mj-text></mj-column></mj-section>
  <mj-section><mj-column>[[greeting]]
    [[body]]
  </mj-column></mj-section>
</mj-body></mjml>`;

describe('partials', () => {
  it('are in a template as soon as they are saved, on every replica, in the nearest language', async () => {
    const source = { text: 'Office: {{ phone }}', translations: { sw: 'Ofisi: {{ phone }}' } };
    expect(await save('p1', { key: 'office', source })).toEqual({
      key: 'office',
      version: 1,
      changed: true,
      dry_run: false,
      templates: [],
      built_in: [],
    });
    const text = "{{ title }}. {% render 'office', phone: contact.phone %}";
    await words('p1', { trip: { en: { sms: { text } }, sw: { sms: { text } } } });
    const data = { title: 'Trip', contact: { phone: '123' }, phone: 'not passed on' };
    expect((await said('p1', 'trip', 'sms', { data })).text).toBe('Trip. Office: 123');
    expect((await said('p1', 'trip', 'sms', { data, locale: 'sw-KE' })).text).toBe('Trip. Ofisi: 123');

    const saved = await save('p1', { key: 'office', source: { text: 'Call {{ phone }}' } });
    expect(saved).toMatchObject({ version: 2, templates: ['trip.sms.en', 'trip.sms.sw'] });
    for (const at of [renderer, replica]) {
      await until(
        'the replica says it',
        async () => (await said('p1', 'trip', 'sms', { data, at })).text === 'Trip. Call 123',
      );
    }
    expect((await said('p1', 'trip', 'sms', { data })).template).toEqual({ key: 'trip', version: 2, locale: 'en' });
    const versions = await renderer.database.query(
      `SELECT version, recompiled_from FROM template_renderer.templates WHERE tenant = 'p1' AND locale = 'en' ORDER BY version`,
    );
    expect(versions).toEqual([
      { version: 1, recompiled_from: null },
      { version: 2, recompiled_from: 1 },
    ]);
  });

  it('name what they need in the words of the template', async () => {
    await save('p2', { key: 'sum', source: { text: '{% if note %}{{ note }}: {% endif %}{{ of | money: in }}' } });
    await save('p2', {
      key: 'line',
      source: { text: "{% render 'sum', of: item.amount, in: 'KES', note: item.note %}" },
    });
    await words('p2', { fee: sms("{% render 'line', item: fee %}") });
    const [row] = await renderer.database.query(
      `SELECT compiled FROM template_renderer.templates WHERE tenant = 'p2' AND type = 'fee'`,
    );
    expect(row.compiled).toMatchObject({ required: ['fee.amount'], optional: ['fee.note'] });
    expect((await said('p2', 'fee', 'sms', { data: { fee: { amount: 5 } } })).text).toBe('KES 5.00');
    expect((await said('p2', 'fee', 'sms', { data: { fee: { amount: 5, note: 'Books' } } })).text).toBe(
      'Books: KES 5.00',
    );
  });

  it('are repeated for each of a list, and see the brand but not the data', async () => {
    await save('p3', {
      key: 'row',
      source: { text: '{{ forloop.index }} {{ row.name }}{% unless forloop.last %}, {% endunless %}' },
    });
    await save('p3', { key: 'from', source: { text: '{{ brand.name }}{% if secret %}{{ secret }}{% endif %}' } });
    await words('p3', { list: sms("{% render 'row' for rows %}. {% render 'from' %}") });
    const data = { rows: [{ name: 'A' }, { name: 'B' }], secret: 'x' };
    expect((await said('p3', 'list', 'sms', { data })).text).toBe('1 A, 2 B. Carillon');
  });

  it('are refused by line and column when they are missing, include themselves or nest too deeply', async () => {
    expect(await refused(save('p4', { key: 'a', source: { text: "x\n {% render 'b' %}" } }))).toEqual([
      'invalid_partial',
      'text: line 2, column 2: there is no partial "b" (a → b); save it first, or mend the name',
    ]);
    expect(await refused(save('p4', { key: 'a', source: { text: "{% render 'a' %}" } }))).toEqual([
      'invalid_partial',
      'text: line 1, column 1: the partial "a" includes itself: a → a',
    ]);
    await save('p4', { key: 'a', source: { text: 'a' } });
    await save('p4', { key: 'b', source: { text: "{% render 'a' %}" } });
    expect(await refused(save('p4', { key: 'a', source: { text: "\n\n  {% render 'b' %}" } }))).toEqual([
      'invalid_partial',
      'text: line 1, column 1: the partial "a" includes itself: a → b → a',
    ]);
    expect(
      await refused(save('p4', { key: 'c', source: { text: '{{ x | shout }}', translations: { sw: '{% if %}' } } })),
    ).toEqual([
      'invalid_partial',
      expect.stringMatching(/^text: undefined filter: shout, line:1, col:1/),
      expect.stringMatching(/^translations.sw: /),
    ]);
    for (let depth = 1; depth <= 9; depth++) {
      await save('p4', {
        key: `deep-${depth}`,
        source: { text: depth === 1 ? 'x' : `{% render 'deep-${depth - 1}' %}` },
      });
    }
    await save('p4', { key: 'deep-10', source: { text: "{% render 'deep-9' %}" } });
    const [, tooDeep] = await refused(save('p4', { key: 'deep-11', source: { text: "{% render 'deep-10' %}" } }));
    expect(tooDeep).toContain('partials are nested more than 10 deep: deep-11 → deep-10 →');
  });

  it('cannot make a text explode', async () => {
    await save('p5', { key: 'p0', source: { text: 'x'.repeat(10_000) } });
    const twice = (key: string) => `{% render '${key}' %}{% render '${key}' %}`;
    await save('p5', { key: 'p1', source: { text: twice('p0') } });
    await save('p5', { key: 'p2', source: { text: twice('p1') } });
    const [, reason] = await refused(save('p5', { key: 'p3', source: { text: twice('p2') } }));
    expect(reason).toContain('with its partials the text has more than 50000 characters');
  });

  it('are not saved when a template would break, and the templates are named', async () => {
    await save('p6', { key: 'row', source: { text: '<tr><td>{{ a }}</td></tr>' } });
    const email = { email: { subject: 'S', body: "<mj-table>{% render 'row', a: a %}</mj-table>", greeting: false } };
    await words('p6', { one: { en: email }, two: { en: email, sw: email } });
    const broken = { text: '<tr><td style="width: {{ a }}">x</td></tr>' };
    const expected = (template: string) =>
      `${template}.body: in the partial "row", line 1: values are not allowed in the attribute style; only colours are, such as {{ brand.colors.primary }} or {{ tint | color }}`;
    for (const dry_run of [true, false]) {
      expect(await refused(save('p6', { key: 'row', source: broken, dry_run }))).toEqual([
        'templates_would_break',
        ...['one.email.en', 'two.email.en', 'two.email.sw'].map(expected),
      ]);
    }
    expect(await refused(save('p6', { key: 'row', source: null }))).toHaveLength(4);
    expect((await said('p6', 'one', 'email', { data: { a: 'still' } })).html).toContain('still');
    const { version, used_by } = await renderer.messages.call(getFragment, {
      tenant: 'p6',
      kind: 'partial',
      key: 'row',
    });
    expect([version, used_by]).toEqual([1, ['one.email.en', 'two.email.en', 'two.email.sw']]);
  });

  it('say in a dry run what would change, and change nothing', async () => {
    await save('p7', { key: 'x', source: { text: 'one' } });
    await words('p7', { t: sms("{% render 'x' %}") });
    const answer = await save('p7', { key: 'x', source: { text: 'two' }, dry_run: true });
    expect(answer).toEqual({
      key: 'x',
      version: 2,
      changed: true,
      dry_run: true,
      templates: ['t.sms.en'],
      built_in: [],
    });
    expect((await said('p7', 't')).text).toBe('one');
    expect(await save('p7', { key: 'x', source: { text: 'one' } })).toMatchObject({ version: 1, changed: false });
  });

  it('come back from an earlier version, keep their history, and are seen by their tenant alone', async () => {
    await save('p8', { key: 'x', source: { text: 'one' }, note: 'first' });
    await save('p8', { key: 'x', source: { text: 'two' } });
    await words('p8', { t: sms("{% render 'x' %}") });
    expect(await save('p8', { key: 'x', source: 1 })).toMatchObject({ version: 3, templates: ['t.sms.en'] });
    await until('it is back', async () => (await said('p8', 't')).text === 'one');
    const of = { tenant: 'p8', kind: 'partial' as const };
    const { data } = await renderer.messages.call(listFragmentVersions, { ...of, key: 'x', limit: 2, after: null });
    expect(data.map(({ version }) => version)).toEqual([3, 2]);
    const rest = await renderer.messages.call(listFragmentVersions, { ...of, key: 'x', limit: 2, after: '2' });
    expect(rest).toMatchObject({
      data: [{ version: 1, note: 'first', created_by: 'test', removed: false }],
      next: null,
    });
    await expect(save('p8', { key: 'x', source: 9 })).rejects.toMatchObject({ status: 404 });
    await expect(save('p8', { key: 'x', source: { text: 'y' }, expected: 2 })).rejects.toMatchObject({
      code: 'fragment_changed',
    });
    const other = { ...of, tenant: 'p9' };
    expect(await renderer.messages.call(listFragments, { ...other, limit: 20, after: null })).toEqual({
      data: [],
      next: null,
    });
    await expect(renderer.messages.call(getFragment, { ...other, key: 'x' })).rejects.toMatchObject({ status: 404 });
    await words('p8', { t: sms('gone') });
    expect(await save('p8', { key: 'x', source: null })).toMatchObject({ version: null, changed: true });
    await expect(save('p8', { key: 'x', source: null })).rejects.toMatchObject({ status: 404 });
  });

  it('are saved one after the other when many are saved at once', async () => {
    const saved = await Promise.all(
      ['a', 'b', 'c', 'd'].map((key, index) =>
        [renderer, replica][index % 2]!.messages.call(saveFragment, {
          tenant: 'p10',
          kind: 'partial',
          key,
          source: { text: key },
          note: null,
          by: 'test',
          dry_run: false,
        }),
      ),
    );
    expect(saved.map(({ version }) => version)).toEqual([1, 1, 1, 1]);
    const [set] = await renderer.database.query(
      `SELECT version FROM template_renderer.fragment_sets WHERE tenant = 'p10'`,
    );
    expect(set.version).toBe(4);
  });
});

describe('a layout of one’s own', () => {
  const data = { amount: 5, currency: 'KES', reference: 'R-1' };

  it('frames Carillon’s own emails and the tenant’s, for this tenant alone, until it is removed', async () => {
    await words('l1', {
      trip: { en: { email: { subject: 'Trip', body: '<mj-text>Trip</mj-text>', greeting: false } } },
    });
    const before = await said('l1', 'payment_received', 'email', { data });
    const dry = await layout('l1', frame('Umoja says'), { dry_run: true });
    expect(dry).toMatchObject({
      templates: ['trip.email.en'],
      built_in: expect.arrayContaining(['payment_received.email.en']),
    });
    await layout('l1', frame('Umoja says'));
    for (const at of [renderer, replica]) {
      await until('it is framed', async () =>
        (await said('l1', 'payment_received', 'email', { data, at })).html.includes('Umoja says'),
      );
    }
    const framed = await said('l1', 'payment_received', 'email', { data });
    expect(framed.html).toContain('KES 5.00');
    expect(framed.text).toContain('Umoja says');
    expect(framed.template).toEqual({ ...before.template, frame: 1 });
    expect((await said('l1', 'trip', 'email')).html).toContain('Umoja says');
    expect((await said('l1', 'trip', 'email')).template).toEqual({ key: 'trip', version: 2, locale: 'en' });
    expect((await said('l2', 'payment_received', 'email', { data })).html).toBe(before.html);

    await layout('l1', frame('Umoja writes'));
    await until(
      'the next frame',
      async () => (await said('l1', 'payment_received', 'email', { data })).template.frame === 2,
    );
    await save('l1', { kind: 'layout', key: 'default', source: null });
    await until(
      'as before',
      async () => (await said('l1', 'payment_received', 'email', { data })).html === before.html,
    );
    expect((await said('l1', 'payment_received', 'email', { data })).template).toEqual(before.template);
    expect((await said('l1', 'trip', 'email')).html).not.toContain('Umoja');
  });

  it('brings its own words by language over Carillon’s, and partials', async () => {
    await save('l3', { key: 'head', source: { text: '{{ brand.name }} {% render "motto" %}' } }).catch(() => undefined);
    await save('l3', { key: 'motto', source: { text: 'Ever on', translations: { sw: 'Mbele daima' } } });
    await save('l3', { key: 'head', source: { text: "{{ brand.name }}: {% render 'motto' %}" } });
    const mjml = frame("{% render 'head' %} [[tagline]] [[sender]]");
    const source = {
      mjml,
      words: { en: { tagline: 'Since 1990' }, sw: { tagline: 'Tangu 1990', greeting: 'Salaam!' } },
    };
    await save('l3', { kind: 'layout', key: 'default', source });
    const english = (await said('l3', 'payment_received', 'email', { data })).text;
    expect(english).toContain('Carillon: Ever on Since 1990 Sent to you by Carillon');
    expect(english).toContain('Hi Amina,');
    const own = { email: { subject: 'S', body: '<mj-text>x</mj-text>' } };
    await words('l3', { t: { sw: own } });
    const swahili = (await said('l3', 't', 'email', { locale: 'sw' })).text;
    expect(swahili).toContain('Carillon: Mbele daima Tangu 1990');
    expect(swahili).toContain('Salaam!');
    await save('l3', { key: 'motto', source: { text: 'Onwards' } });
    await until('the frame has it', async () =>
      (await said('l3', 'payment_received', 'email', { data })).text.includes('Carillon: Onwards Since 1990'),
    );
  });

  it('is chosen by name, and one that a template names cannot be removed', async () => {
    await layout('l4', frame('News'), { key: 'newsletter' });
    const email = { subject: 'S', body: '<mj-text>x</mj-text>', layout: 'newsletter' };
    await words('l4', { news: { en: { email } } });
    expect((await said('l4', 'news', 'email')).html).toContain('News');
    expect((await said('l4', 'payment_received', 'email', { data })).html).not.toContain('News');
    expect(await refused(save('l4', { kind: 'layout', key: 'newsletter', source: null }))).toEqual([
      'templates_would_break',
      'news.email.en.layout: there is no layout with this key; save it first',
    ]);
    const { used_by } = await renderer.messages.call(getFragment, { tenant: 'l4', kind: 'layout', key: 'newsletter' });
    expect(used_by).toEqual(['news.email.en']);
  });

  it.each([
    ['<mjml><mj-body></mj-body></mjml>', 'mjml: must have the slot [[body]] once, not 0 times'],
    [frame('[[body]]'), 'mjml: must have the slot [[body]] once, not 2 times'],
    [frame('[[moto]]'), /^mjml: line 2, column 35: \[\[moto\]\] is no slot that anything fills; give words.en.moto/],
    [frame('{{ a | shout }}'), /^mjml: undefined filter: shout, line:2, col:35$/],
    [frame('<b>').replace('<mj-section>', '<mj-section colour="red">'), 'mjml: line 2: Attribute colour is illegal'],
    [
      frame('').replace('</mj-body>', '\n<mj-nonsense />\n</mj-body>'),
      /^mjml: line 7: Element mj-nonsense doesn't exist/,
    ],
    [frame("\n\n{% render 'gone' %}"), /^mjml: line 4, column 1: there is no partial "gone"/],
    [
      frame('<p style="color: {{ a }}">x</p>'),
      /^mjml: line 2: values are not allowed in the attribute style; only colours are/,
    ],
  ])('is refused by place: %s', async (mjml, expected) => {
    const [code, ...reasons] = await refused(layout('l5', mjml));
    expect(code).toBe('invalid_layout');
    expect(reasons).toEqual([typeof expected === 'string' ? expected : expect.stringMatching(expected)]);
  });

  it('paints with the colours of the brand, which need nothing compiled anew', async () => {
    const mjml = frame('<p style="color: {{ brand.colors.primary }}">Hello</p>').replace(
      '<mj-section>',
      '<mj-section background-color="{{ brand.colors.secondary }}">',
    );
    await layout('l6', mjml);
    await until('it is framed', async () =>
      (await said('l6', 'payment_received', 'email', { data })).html.includes('Hello'),
    );
    const paint = { tenant: 'l6', merge: true, by: 'test' };
    await renderer.messages.call(saveBrand, {
      ...paint,
      settings: { colors: { primary: '#ab1', secondary: '#00AA00' } },
    });
    for (const at of [renderer, replica]) {
      await until('it is painted', async () => {
        const { html, template } = await said('l6', 'payment_received', 'email', { data, at });
        return html.includes('color: #aabb11') && html.includes('background:#00aa00') && template.frame === 1;
      });
    }
  });

  it('frames what a new release brings when the service starts', async () => {
    await layout('l7', frame('Seven'));
    await renderer.database.query(
      `UPDATE template_renderer.framed_templates SET source_hash = '' WHERE tenant = 'l7' AND type = 'welcome'`,
    );
    await renderer.database.query(
      `DELETE FROM template_renderer.framed_templates WHERE tenant = 'l7' AND type = 'payment_received'`,
    );
    expect(await renderer.running.app.get(Framing).refreshAll()).toContain('l7');
    await until('it is framed', async () =>
      (await said('l7', 'payment_received', 'email', { data })).html.includes('Seven'),
    );
  });
});
