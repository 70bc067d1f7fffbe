import {
  catalogApplied,
  checkTemplates,
  deadLetter,
  inAppRendered,
  notificationRouted,
  renderNotifications,
  smsRendered,
  templatesChanged,
  type CatalogApplied,
  type Channel,
  type CloudEvent,
  type InAppRendered,
  type NotificationRouted,
  type SmsRendered,
} from '@carillon/contracts';
import { cuttableProxy, servers, startTestService, until, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { Renderer } from '../rendering/renderer.ts';
import { service } from '../service.ts';
import { routedTo } from '../testing/sample.ts';

let renderer: TestService;
let replica: TestService;
let inApps: CloudEvent<InAppRendered>[];
let sms: CloudEvent<SmsRendered>[];
let announced: CloudEvent[];
let parked: CloudEvent<any>[];

beforeAll(async () => {
  renderer = await startTestService(service);
  const { database, broker } = renderer;
  replica = await startTestService(service, {}, { database, broker });
  [inApps, sms, announced, parked] = await Promise.all([
    broker.capture(inAppRendered),
    broker.capture(smsRendered),
    broker.capture(templatesChanged),
    broker.capture(deadLetter),
  ]);
});
afterAll(async () => {
  await replica?.close();
  await renderer?.close();
});

let deliveries = 0;

/** One notification of the type by SMS; resolves with its text. */
async function textOf(tenant: string, type: string, changes: Partial<NotificationRouted> = {}): Promise<string> {
  const id = `${tenant}-${type}-${deliveries++}`;
  const routed = routedTo(['sms'], { type, data: {}, ...changes, notification_id: id });
  routed.deliveries[0]!.delivery_id = id;
  await renderer.messages.publish(notificationRouted, routed, { tenant, id });
  const rendered = await until('it is rendered', () => sms.find((event) => event.id === id));
  expect(rendered.tenant).toBe(tenant);
  return rendered.data.text;
}

/** Publishes the event and waits until its words were announced. */
async function apply(tenant: string, version: number, templates: CatalogApplied['templates']): Promise<void> {
  const before = announced.length;
  await renderer.messages.publish(catalogApplied, { version, templates }, { tenant, id: `catalog-${version}` });
  await until('it is announced', () => announced.slice(before).some((event) => event.tenant === tenant));
}

/** What each replica would say; they share their queues, so each is asked itself. */
async function saidByEach(tenant: string, type: string): Promise<unknown[]> {
  const routed = routedTo(['sms'], { type, data: {} });
  const rendered = await Promise.all(
    [renderer, replica].map(({ running }) => running.app.get(Renderer).render(tenant, routed)),
  );
  return rendered.map(({ deliveries: [delivery] }) => (delivery!.data as SmsRendered).text);
}

async function everyReplicaSays(tenant: string, type: string, text: string): Promise<void> {
  await until(`every replica says "${text}"`, async () =>
    (await saidByEach(tenant, type)).every((said) => said === text),
  );
}

const words = (text: string) => ({ en: { sms: { text } } });

describe('words that come with a catalog', () => {
  it('are used for the next notification by every replica, and only for their tenant', async () => {
    const generic = 'Carillon: Lesson';
    for (const tenant of ['school-a', 'school-b'])
      expect(await saidByEach(tenant, 'lesson')).toEqual([generic, generic]);
    await apply('school-a', 1, { lesson: words('A’s own') });
    await everyReplicaSays('school-a', 'lesson', 'A’s own');
    expect(await textOf('school-a', 'lesson')).toBe('A’s own');
    expect(await saidByEach('school-b', 'lesson')).toEqual([generic, generic]);
    await apply('school-b', 1, { lesson: words('B’s own') });
    await everyReplicaSays('school-b', 'lesson', 'B’s own');
    expect(await textOf('school-b', 'lesson')).toBe('B’s own');
    expect(await textOf('school-a', 'lesson')).toBe('A’s own');
    expect(await textOf('school-c', 'lesson')).toBe(generic);
  });

  it('are waited for by notifications that were decided under that catalog and came before them', async () => {
    await apply('school-w', 1, { lesson: words('Old') });
    const early = [1, 2, 3].map(() => textOf('school-w', 'lesson', { catalog_version: 2 }));
    // What was decided under the former catalog waits for nothing and goes before them.
    expect(await textOf('school-w', 'lesson', { catalog_version: 1 })).toBe('Old');
    expect(sms.filter(({ tenant, data }) => tenant === 'school-w' && data.text === 'New')).toEqual([]);
    await apply('school-w', 2, { lesson: words('New') });
    expect(await Promise.all(early)).toEqual(['New', 'New', 'New']);
  });

  it('give way to Carillon’s own or the generic words when a later catalog has them no more', async () => {
    const [carillons] = await saidByEach('school-c', 'welcome');
    await apply('school-c', 1, { welcome: words('Karibu'), lesson: words('Somo') });
    await everyReplicaSays('school-c', 'welcome', 'Karibu');
    await apply('school-c', 2, {});
    await everyReplicaSays('school-c', 'welcome', carillons as string);
    await everyReplicaSays('school-c', 'lesson', 'Carillon: Lesson');
  });

  it('are those of the newest version, in whatever order two arrive', async () => {
    await apply('school-d', 2, { lesson: words('Two') });
    const late = { version: 1, templates: { lesson: words('One'), exam: words('One') } };
    await renderer.messages.publish(catalogApplied, late, { tenant: 'school-d', id: 'catalog-1' });
    await apply('school-d', 3, { lesson: words('Two'), last: words('Three') });
    await everyReplicaSays('school-d', 'last', 'Three');
    expect(await saidByEach('school-d', 'lesson')).toEqual(['Two', 'Two']);
    expect(await saidByEach('school-d', 'exam')).toEqual(['Carillon: Exam', 'Carillon: Exam']);
  });

  it('are parked with every reason when this release refuses them, and those in use stay', async () => {
    await apply('school-f', 1, { lesson: words('Right') });
    const wrong = { version: 2, templates: { lesson: { en: { sms: { text: '{{ a | b }}', c: 1 } } } } };
    await renderer.messages.publish(catalogApplied, wrong, { tenant: 'school-f', id: 'catalog-2' });
    await until('it is parked', () => parked.length > 0);
    expect(JSON.stringify(parked)).toContain('catalog 2: types.lesson.templates.en.sms.c: is not a known field');
    expect(await textOf('school-f', 'lesson')).toBe('Right');
  });

  it('are compiled anew by a release that compiles them differently, which every replica hears of', async () => {
    await apply('school-i', 1, { lesson: words('Lesson words') });
    await everyReplicaSays('school-i', 'lesson', 'Lesson words');
    await renderer.database.query(
      `UPDATE template_renderer.templates SET source_hash = 'other', source = '{"text": "Compiled anew"}'
       WHERE tenant = 'school-i'`,
    );
    const { database, broker } = renderer;
    const next = await startTestService(service, {}, { database, broker });
    try {
      await everyReplicaSays('school-i', 'lesson', 'Compiled anew');
    } finally {
      await next.close();
    }
  });

  it('serve another type that names them', async () => {
    await apply('school-g', 1, { lesson: words('Lesson words') });
    expect(await textOf('school-g', 'lesson_again', { template: 'lesson' })).toBe('Lesson words');
    expect(await textOf('school-g', 'lesson', { template: 'unheard_of' })).toBe('Carillon: Lesson');
  });
});

describe('a renderer that loses the broker between writing and announcing', () => {
  it('announces what it wrote when it is back, and writes nothing twice', async () => {
    const proxy = await cuttableProxy(servers.amqpUrl);
    const alone = await startTestService(service, { AMQP_URL: proxy.url });
    const admin = await new DataSource({ type: 'postgres', url: alone.database.adminUrl }).initialize();
    try {
      const heard = await alone.broker.capture(templatesChanged);
      const holder = admin.createQueryRunner();
      await holder.startTransaction();
      await holder.query('LOCK TABLE template_renderer.catalogs IN SHARE MODE');
      const data = { version: 1, templates: { lesson: words('Once') } };
      await alone.messages.publish(catalogApplied, data, { tenant: 'school', id: 'catalog-1' });
      const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = $1)`;
      await until('it waits to write', async () => (await admin.query(waiting, [alone.database.name])).length > 0);
      proxy.cut();
      await holder.rollbackTransaction();
      await holder.release();
      const rows = () =>
        alone.database.query('SELECT * FROM template_renderer.templates WHERE tenant = $1', ['school']);
      const written = await until('it is written', async () => {
        const found = await rows();
        return found.length > 0 && found;
      });
      expect(heard).toEqual([]);
      proxy.restore();
      await until('it is announced', () => heard.length > 0);
      expect(heard[0]).toMatchObject({ tenant: 'school', id: 'templates-of-catalog-1' });
      expect(await rows()).toEqual(written);
      expect(written).toHaveLength(1);
    } finally {
      proxy.restore();
      await admin.destroy();
      await alone.close();
      await proxy.close();
    }
  });
});

describe('questions to the renderer', () => {
  it('are answered with everything that is wrong with the words of a catalog', async () => {
    const templates = { lesson: { en: { sms: { text: '{{ a | b }}' }, fax: {} }, nowhere: {} } };
    const { errors } = await renderer.messages.call(checkTemplates, { tenant: 'school', templates });
    expect(errors.map(({ path }) => path).sort()).toEqual([
      'types.lesson.templates.en.fax',
      'types.lesson.templates.en.sms.text',
      'types.lesson.templates.nowhere',
    ]);
    const right = { tenant: 'school', templates: { lesson: words('Right') } };
    expect(await renderer.messages.call(checkTemplates, right)).toEqual({ errors: [], warnings: [] });
  });

  it('are answered with what notifications would say, as the pipeline says it, and nothing is published', async () => {
    const channels: Channel[] = ['in_app', 'email', 'sms', 'push'];
    await apply('school-h', 1, { invoice_issued: words('Own words for {{ invoice_number }}') });
    const whole = routedTo(channels, { notification_id: 'dry-1' });
    const lacking = routedTo(['in_app', 'sms'], { notification_id: 'dry-2', data: { invoice_number: 'INV-2' } });
    const content = routedTo(['in_app'], { notification_id: 'dry-3', content: { title: 'Hello', message: 'World' } });
    const request = { tenant: 'school-h', routed: [whole, lacking, content] };
    const { notifications } = await renderer.messages.call(renderNotifications, request);
    expect(notifications.map(({ notification_id }) => notification_id)).toEqual(['dry-1', 'dry-2', 'dry-3']);
    expect(notifications[0]).toMatchObject({
      rendered: {
        in_app: { title: 'Invoice INV-1001', link: null, actions: [] },
        email: { subject: 'Invoice INV-1001: KES 12,500.00', html: expect.any(String), text: expect.any(String) },
        sms: { text: 'Own words for INV-1001' },
      },
      template: {
        in_app: { key: 'invoice_issued', version: 1, locale: 'en' },
        sms: { key: 'invoice_issued', version: 1, locale: 'en' },
      },
      errors: [{ channel: 'push', message: 'push: nothing is sent on this channel yet' }],
    });
    expect(notifications[1]).toEqual({
      notification_id: 'dry-2',
      rendered: { sms: { text: 'Own words for INV-2', segments: 1, units: 19, alphabet: 'GSM-7', cost: null } },
      template: { sms: { key: 'invoice_issued', version: 1, locale: 'en' } },
      errors: [
        {
          channel: 'in_app',
          message: expect.stringContaining('in_app (template invoice_issued v1, en): the event'),
          missing: ['amount', 'currency', 'due_date'],
        },
      ],
    });
    expect(notifications[2]!.rendered.in_app).toMatchObject({ title: 'Hello', message: 'World' });
    // Published after the question was answered, so whatever that had published would have come before.
    await renderer.messages.publish(notificationRouted, whole, { tenant: 'school-h', id: 'wet' });
    const piped = await until('it is rendered', () => inApps.find(({ tenant }) => tenant === 'school-h'));
    const { title, message, html, link, image, actions } = piped.data;
    expect(notifications[0]!.rendered.in_app).toEqual({ title, message, html, link, image, actions });
    expect(inApps.filter(({ data }) => data.notification_id.startsWith('dry-'))).toEqual([piped]);
  });

  it('are refused beyond a hundred notifications', async () => {
    const routed = Array.from({ length: 101 }, () => routedTo(['sms']));
    await expect(renderer.messages.call(renderNotifications, { tenant: 'school', routed })).rejects.toMatchObject({
      status: 400,
      errors: [{ path: 'routed' }],
    });
  });
});
