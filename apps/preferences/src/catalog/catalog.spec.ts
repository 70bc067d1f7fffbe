import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  catalogApplied,
  catalogChanged,
  deadLetter,
  effectiveCatalog,
  getCatalog,
  listCatalogVersions,
  notificationRouted,
  putCatalog,
  putRecipient,
  revertCatalog,
  type CatalogApplied,
  type CatalogChanged,
  type CatalogDocument,
  type CloudEvent,
  type DeadLetter,
  type NotificationRouted,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { cuttableProxy, startTestService, testBroker, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';
import { CatalogEditing } from './catalog-editing.ts';
import { Catalogs } from './catalogs.ts';

const lesson = {
  types: {
    lesson_scheduled: {
      category: 'activity',
      channels: ['in_app'],
      on: 'lesson.scheduled',
      to: 'data.students | map: "guardian_id"',
      templates: { en: { in_app: { title: 'Lesson', message: '{{ starts_at | date }}' } } },
    },
  },
} satisfies CatalogDocument;

describe('the catalog of a tenant', () => {
  let test: TestService;
  let applied: CloudEvent<CatalogApplied>[];
  let changed: CloudEvent<CatalogChanged>[];
  let routed: CloudEvent<NotificationRouted>[];
  let parked: CloudEvent<DeadLetter>[];

  beforeAll(async () => {
    test = await startTestService(service);
    applied = await test.broker.capture(catalogApplied);
    changed = await test.broker.capture(catalogChanged);
    routed = await test.broker.capture(notificationRouted);
    parked = await test.broker.capture(deadLetter);
  });
  afterAll(() => test.close());

  const put = (tenant: string, document: unknown, more: object = {}, to = test) =>
    to.messages.call(putCatalog, {
      tenant,
      document,
      text: JSON.stringify(document),
      format: 'json',
      dry_run: false,
      applied_by: 'tests',
      ...more,
    });
  const get = (tenant: string, version?: number) => test.messages.call(getCatalog, { tenant, version });
  const typesOf = async (tenant: string) =>
    (await test.messages.call(effectiveCatalog, { tenant })).types.map(({ key }) => key);
  /** A domain event of a tenant, under a routing key by which it is found again when it is parked. */
  const published = (routingKey: string, type: string, tenant: string, data: object) =>
    test.broker.publish('events', routingKey, {
      specversion: '1.0',
      id: routingKey,
      source: '/school',
      type,
      tenant,
      data,
    });

  const whyParked = (routingKey: string) =>
    until(`${routingKey} is parked`, () => parked.find(({ data }) => data.routing_key === routingKey)?.data.error);

  it('is version 0, an empty document, until one is applied', async () => {
    expect(await get('nobody')).toEqual({
      version: 0,
      document: {},
      text: '',
      format: 'yaml',
      applied_at: null,
      applied_by: null,
      reverts: null,
    });
    await expect(get('nobody', 1)).rejects.toMatchObject({ status: 404 });
    const { version, types, categories } = await test.messages.call(effectiveCatalog, { tenant: 'nobody' });
    expect(version).toBe(0);
    expect(types.find(({ key }) => key === 'payment_received')).toMatchObject({
      origin: 'system',
      category: 'billing',
      priority: 'normal',
      on: ['payment.received'],
      frequency: 'immediate',
      template: 'payment_received',
    });
    expect(categories.map(({ key }) => key)).toContain('marketing');
  });

  it('changes what events mean as soon as it is applied', async () => {
    const tenant = 'studio';
    for (const id of ['g1', 'g2']) await test.messages.call(putRecipient, { tenant, id, recipient: {} });
    const students = [{ guardian_id: 'g1' }, { guardian_id: 'g2' }];
    published('too.early', 'lesson.scheduled', tenant, { students });
    expect(await whyParked('too.early')).toContain('"lesson.scheduled" is not in the catalog');

    expect(await put(tenant, lesson)).toMatchObject({ version: 1, applied: true, warnings: [] });
    published('in.time', 'lesson.scheduled', tenant, { students });
    await until('both guardians are notified', () => {
      const ofTenant = routed.filter((event) => event.tenant === tenant);
      return (
        ofTenant
          .map(({ data }) => data.recipient.id)
          .sort()
          .join() === 'g1,g2' && ofTenant
      );
    });
    expect(await get(tenant)).toMatchObject({
      version: 1,
      document: lesson,
      text: JSON.stringify(lesson),
      format: 'json',
      applied_by: 'tests',
      reverts: null,
    });
    expect(await typesOf(tenant)).toEqual(expect.arrayContaining(['lesson_scheduled', 'welcome']));
  });

  it('is announced to all replicas, and its words to the renderer', async () => {
    await put('announced', lesson);
    await until('both are heard', () =>
      [applied, changed].every((events: CloudEvent[]) => events.some(({ tenant }) => tenant === 'announced')),
    );
    expect(applied.find(({ tenant }) => tenant === 'announced')!.data).toEqual({
      version: 1,
      templates: { lesson_scheduled: lesson.types.lesson_scheduled.templates },
    });
    expect(changed.find(({ tenant }) => tenant === 'announced')!.data).toEqual({ version: 1 });
  });

  it('is shown by a dry run, which changes nothing', async () => {
    await put('dry', lesson);
    const next = { types: { lesson_scheduled: { ...lesson.types.lesson_scheduled, channels: ['in_app', 'email'] } } };
    const changes = [
      { change: 'changed', path: 'types.lesson_scheduled.channels', before: ['in_app'], after: ['in_app', 'email'] },
    ];
    expect(await put('dry', next, { dry_run: true })).toEqual({ version: 1, applied: false, changes, warnings: [] });
    expect((await get('dry')).document).toEqual(lesson);
    expect(await put('dry', next)).toEqual({ version: 2, applied: true, changes, warnings: [] });
  });

  it('gets no version from a document that says the same, however it is written', async () => {
    await put('same', lesson);
    const reordered = Object.fromEntries(Object.entries(lesson.types.lesson_scheduled).reverse());
    const again = await put(
      'same',
      { types: { lesson_scheduled: reordered } },
      { text: '# other words', format: 'yaml' },
    );
    expect(again).toEqual({ version: 1, applied: false, changes: [], warnings: [] });
    expect(
      (await test.messages.call(listCatalogVersions, { tenant: 'same', limit: 10, after: null })).data,
    ).toHaveLength(1);
  });

  it('keeps its sources in the order they were written in, in which they are asked', async () => {
    const document = { sources: { zebra: { exchange: 'zoo' }, ant: { exchange: 'zoo' } } };
    await put('ordered', document);
    expect(Object.keys((await get('ordered')).document.sources as object)).toEqual(['zebra', 'ant']);
    const { zebra, ant } = document.sources;
    expect(await put('ordered', { sources: { ant, zebra } })).toMatchObject({ version: 2, applied: true });
  });

  it('is refused with all its mistakes at once, and then nothing of it is saved', async () => {
    await put('refused', lesson);
    const wrong = {
      types: {
        lesson_scheduled: { category: 'lessons', channels: ['fax'], when: 'data.amount = 3' },
        other: { category: 'activity', channels: ['in_app'], on: 'a.b' },
      },
      sources: { own: { exchange: `${test.broker.prefix}.events` } },
    };
    for (const dry_run of [true, false]) {
      await expect(put('refused', wrong, { dry_run })).rejects.toMatchObject({
        status: 422,
        code: 'invalid_catalog',
        errors: expect.arrayContaining([
          { path: 'types.lesson_scheduled.channels[0]', message: 'must be one of in_app, email, sms' },
          { path: 'types.lesson_scheduled.category', message: expect.stringContaining('"lessons" is not a category') },
          { path: 'types.lesson_scheduled.when', message: expect.stringContaining('"= 3" is not understood') },
          { path: 'sources.own.exchange', message: expect.stringContaining('Carillon’s own') },
        ]),
      });
    }
    expect(await get('refused')).toMatchObject({ version: 1, document: lesson });
    expect(await typesOf('refused')).not.toContain('other');
  });

  it('goes back to an earlier version by a new one', async () => {
    const tenant = 'reverted';
    await put(tenant, lesson, { text: 'types: # the first', format: 'yaml' });
    await put(tenant, {});
    const revert = (version: number, dry_run = false) =>
      test.messages.call(revertCatalog, { tenant, version, dry_run, applied_by: 'console' });
    expect(await revert(1, true)).toMatchObject({ version: 2, applied: false });
    expect(await revert(1)).toMatchObject({ version: 3, applied: true });
    expect(await get(tenant)).toMatchObject({
      version: 3,
      document: lesson,
      text: 'types: # the first',
      format: 'yaml',
      applied_by: 'console',
      reverts: 1,
    });
    expect(await revert(0)).toMatchObject({ version: 4, applied: true });
    expect(await get(tenant)).toMatchObject({ version: 4, document: {}, reverts: 0 });
    await expect(revert(9)).rejects.toMatchObject({ status: 404 });

    const page = (after: string | null) => test.messages.call(listCatalogVersions, { tenant, limit: 3, after });
    const first = await page(null);
    expect(first.data.map(({ version, reverts }) => [version, reverts])).toEqual([
      [4, 0],
      [3, 1],
      [2, null],
    ]);
    const second = await page(first.next);
    expect(second).toMatchObject({ data: [{ version: 1, format: 'yaml', applied_by: 'tests' }], next: null });
  });

  it('gets consecutive versions of changes at once, none of which is lost', async () => {
    const named = (name: string) => ({ categories: { [name]: { name } } });
    const results = await Promise.all(['a', 'b', 'c', 'd'].map((name) => put('racing', named(name))));
    expect(results.map(({ version, applied }) => `${version} ${applied}`).sort()).toEqual([
      '1 true',
      '2 true',
      '3 true',
      '4 true',
    ]);
    // Each names what it replaced: its difference is to the version before its own.
    const byVersion = results.sort((one, other) => one.version - other.version);
    for (const [index, { changes }] of byVersion.entries()) {
      expect(changes.filter(({ change }) => change === 'removed')).toHaveLength(index === 0 ? 0 : 1);
    }
  });

  it('is not replaced by who has not seen the current version', async () => {
    await put('expected', lesson, { expected_version: 0 });
    const racers = await Promise.allSettled(
      ['a', 'b'].map((name) => put('expected', { categories: { [name]: {} } }, { expected_version: 1 })),
    );
    expect(racers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const dry_run of [true, false]) {
      await expect(put('expected', {}, { expected_version: 1, dry_run })).rejects.toMatchObject({
        status: 409,
        code: 'catalog_changed',
        detail: expect.stringContaining('The current version is 2, not 1'),
      });
    }
  });

  it('says nothing to other tenants', async () => {
    await put('mine', lesson);
    expect(await typesOf('theirs')).not.toContain('lesson_scheduled');
    expect((await get('theirs')).version).toBe(0);
    published('of.theirs', 'lesson.scheduled', 'theirs', { students: [{ guardian_id: 'g1' }] });
    expect(await whyParked('of.theirs')).toContain('"lesson.scheduled" is not in the catalog');
  });

  it('parks an event whose expression fails, with the expression', async () => {
    const tenant = 'failing';
    await put(tenant, lesson);
    published('no.students', 'lesson.scheduled', tenant, { pupils: [] });
    const why = await whyParked('no.students');
    expect(why).toContain('types.lesson_scheduled.to: data.students | map: "guardian_id"');
    expect(why).toContain('there is no data.students');
    expect(why).toContain('no.students of /school');
  });
});

describe('several replicas', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('all use a catalog that one of them applied', async () => {
    const first = await startTestService(service);
    closing.push(first.close);
    const second = await startTestService(service, {}, first);
    closing.push(second.close);
    const catalogs = [first, second].map(({ running }) => running.app.get(Catalogs));
    for (const each of catalogs) expect((await each.of('school')).version).toBe(0);

    for (const version of [1, 2]) {
      await first.messages.call(putCatalog, {
        tenant: 'school',
        document: { categories: { [`c${version}`]: {} } },
        text: '',
        format: 'yaml',
        dry_run: false,
        applied_by: 'tests',
      });
      await until('both know it', async () => {
        const known = await Promise.all(catalogs.map((each) => each.of('school')));
        return known.every((catalog) => catalog.version === version && catalog.categories.has(`c${version}`));
      });
    }
  });

  it('learn of what they missed when the broker is back, and announce what they could not', async () => {
    const broker = await testBroker();
    closing.push(broker.close);
    const proxy = await cuttableProxy(broker.url);
    closing.push(proxy.close);
    const alone = await startTestService(service, { AMQP_URL: proxy.url }, { broker });
    closing.push(alone.close);
    const applied = await broker.capture(catalogApplied);
    const catalogs = alone.running.app.get(Catalogs);
    expect((await catalogs.of('school')).version).toBe(0);

    proxy.cut();
    await until('it notices', () => alone.running.app.get(Messages).trouble());
    // As if another replica, whose announcement this one cannot hear, had applied it.
    await alone.database.query(
      `INSERT INTO preferences.catalog_versions (tenant, version, document, text, format, applied_by, announced_at)
       VALUES ('school', 1, '{"categories":{"other":{}}}', '', 'yaml', 'tests', now())`,
    );
    const edit = { document: lesson, text: '', format: 'yaml', applied_by: 'tests', dry_run: false } as const;
    const result = await alone.running.app.get(CatalogEditing).replace({ tenant: 'shop', ...edit });
    expect(result).toMatchObject({ version: 1, applied: true });
    expect((await catalogs.of('shop')).has('lesson_scheduled')).toBe(true);
    expect((await catalogs.of('school')).version).toBe(0);

    proxy.restore();
    await until('it is announced', () => applied.some(({ tenant, data }) => tenant === 'shop' && data.version === 1));
    await until('it is known', async () => (await catalogs.of('school')).version === 1);
    await until('it is not announced again', async () => {
      const rows = await alone.database.query('SELECT FROM preferences.catalog_versions WHERE announced_at IS NULL');
      return rows.length === 0;
    });
  });

  it('ask a database that was away again', async () => {
    const running = await startTestService(service);
    closing.push(running.close);
    const catalogs = running.running.app.get(Catalogs);
    await running.database.query('ALTER TABLE preferences.catalog_versions RENAME TO away');
    await expect(catalogs.of('school')).rejects.toThrow('catalog_versions');
    await running.database.query('ALTER TABLE preferences.away RENAME TO catalog_versions');
    expect((await catalogs.of('school')).version).toBe(0);
    // From then on it is remembered.
    await running.database.query('ALTER TABLE preferences.catalog_versions RENAME TO away');
    expect((await catalogs.of('school')).version).toBe(0);
  });
});
