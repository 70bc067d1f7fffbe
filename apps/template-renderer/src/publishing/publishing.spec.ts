import {
  catalogApplied,
  checkTemplatesTimeoutMs,
  deleteDraft,
  diffTemplate,
  getTemplate,
  getTemplateVersion,
  listTemplates,
  listTemplateVersions,
  Problem,
  publishTemplate,
  rollBackTemplate,
  saveBrand,
  saveDraft,
  saveFragment,
  setTemplateActive,
  type SmsRendered,
} from '@carillon/contracts';
import type { ResponseOf } from '@carillon/messaging';
import { startTestService, until, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Renderer } from '../rendering/renderer.ts';
import { service } from '../service.ts';
import { TemplateCache } from '../templates/template-cache.ts';
import { TemplateStore } from '../templates/template-store.ts';
import { routedTo } from '../testing/sample.ts';

let renderer: TestService;
let replica: TestService;

beforeAll(async () => {
  renderer = await startTestService(service);
  const { database, broker } = renderer;
  replica = await startTestService(service, {}, { database, broker });
}, 90_000);
afterAll(async () => {
  await replica?.close();
  await renderer?.close();
});

const by = 'Amina';
/** As the gateway asks for what has to be compiled. */
const patient = { timeoutMs: checkTemplatesTimeoutMs };
let tenants = 0;
/** A tenant that nobody has touched yet. */
const fresh = () => `school-${++tenants}`;

const save = (tenant: string, key: string, source: Record<string, unknown>, more: object = {}) =>
  renderer.messages.call(saveDraft, { tenant, key, source, by, schema: null, ...more }, patient);
const publish = (tenant: string, key: string, more: object = {}) =>
  renderer.messages.call(publishTemplate, { tenant, key, by, ...more }, patient);
const rollBack = (tenant: string, key: string, version: number) =>
  renderer.messages.call(rollBackTemplate, { tenant, key, version, by }, patient);
const get = (tenant: string, key: string, more: object = {}) =>
  renderer.messages.call(getTemplate, { tenant, key, ...more });
const switchTo = (active: boolean, tenant: string, key: string, more: object = {}) =>
  renderer.messages.call(setTemplateActive, { tenant, key, active, by, ...more });

async function publishWords(tenant: string, key: string, text: string): Promise<void> {
  const { draft } = await get(tenant, key, { owner: 'own' }).catch(() => ({ draft: null }));
  await save(tenant, key, { text }, { expected: draft?.revision });
  await publish(tenant, key);
}

/** What each replica would say by SMS, and with which words. */
function saidByEach(tenant: string, type: string, locale = 'en'): Promise<SmsRendered[]> {
  const { recipient, ...routed } = routedTo(['sms'], { type, data: {} });
  return Promise.all(
    [renderer, replica].map(async ({ running }) => {
      const asked = { ...routed, recipient: { ...recipient, locale } };
      const { deliveries } = await running.app.get(Renderer).render(tenant, asked);
      return deliveries[0]!.data as SmsRendered;
    }),
  );
}

async function everyReplicaSays(tenant: string, type: string, text: string, locale?: string): Promise<SmsRendered[]> {
  return until(`every replica says "${text}"`, async () => {
    const said = await saidByEach(tenant, type, locale);
    return said.every((sms) => sms.text === text) && said;
  });
}

async function refusal(
  asked: Promise<unknown>,
): Promise<{ status: number; code: string; detail?: string; errors?: unknown }> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Problem);
  return (error as Problem).toJSON();
}

const key = 'lesson.sms.en';

describe('a draft', () => {
  it('is kept without being sent, changed by whoever has seen it, and thrown away', async () => {
    const tenant = fresh();
    const { template } = await save(tenant, key, { text: 'Lesson' });
    expect(template).toMatchObject({ key, owner: 'own', status: 'draft', version: null, document: null });
    expect(template.draft).toMatchObject({ source: { text: 'Lesson' }, based_on: 0, updated_by: by });
    expect((await saidByEach(tenant, 'lesson'))[0]!.text).toBe('Carillon: Lesson');

    const { revision } = template.draft!;
    const changed = await save(tenant, key, { text: 'Your lesson' }, { expected: revision });
    expect(changed.template.draft!.revision).not.toBe(revision);
    expect(await refusal(renderer.messages.call(deleteDraft, { tenant, key, expected: revision }))).toMatchObject({
      status: 412,
      code: 'draft_changed',
    });
    const { draft } = await renderer.messages.call(deleteDraft, { tenant, key });
    expect(draft).toEqual(changed.template.draft);
    expect(await refusal(get(tenant, key))).toMatchObject({ status: 404 });
    expect(await refusal(renderer.messages.call(deleteDraft, { tenant, key }))).toMatchObject({ status: 404 });
  });

  it('is not overwritten by somebody who has not seen it, whoever is first', async () => {
    const tenant = fresh();
    const editors = ['a', 'b', 'c', 'd'].map((name) => save(tenant, key, { text: name }, { by: name }));
    const [won] = (await Promise.allSettled(editors)).filter(({ status }) => status === 'fulfilled');
    const answers = await Promise.all(
      editors.map((editor) =>
        editor.then(
          () => 'kept',
          ({ code }) => code as string,
        ),
      ),
    );
    expect(answers.sort()).toEqual(['draft_exists', 'draft_exists', 'draft_exists', 'kept']);
    expect(won).toBeDefined();
    const { draft } = await get(tenant, key);
    expect(await refusal(save(tenant, key, { text: 'x' }))).toMatchObject({
      status: 428,
      code: 'draft_exists',
      detail: expect.stringContaining(`written by ${draft!.updated_by} at`),
    });
    await save(tenant, key, { text: 'seen' }, { expected: draft!.revision });
    expect(await refusal(save(tenant, key, { text: 'late' }, { expected: draft!.revision }))).toMatchObject({
      status: 412,
      code: 'draft_changed',
    });
    await save(tenant, key, { text: 'whatever it was' }, { expected: '*' });
    expect((await get(tenant, key)).draft!.source).toEqual({ text: 'whatever it was' });
  });

  it('belongs to one tenant', async () => {
    const [one, other] = [fresh(), fresh()];
    await save(one, key, { text: 'x' });
    expect(await refusal(get(other, key))).toMatchObject({ status: 404 });
    expect(await refusal(publish(other, key))).toMatchObject({ status: 409, code: 'no_draft' });
  });

  it('is refused with everything that is wrong, by line and column', async () => {
    const tenant = fresh();
    const wrong = { title: '{{ a | shout }}', message: 'One\n  {% if b %}', colour: 'red' };
    expect(await refusal(save(tenant, 'lesson.in_app.en', { ...wrong, colour: undefined }))).toEqual({
      status: 422,
      code: 'invalid_template',
      title: 'The template is not valid',
      errors: [
        { path: 'source.title', line: 1, column: 1, message: expect.stringContaining('undefined filter: shout') },
        { path: 'source.message', line: 2, column: 3, message: expect.stringContaining('not closed') },
      ],
    });
    expect(await refusal(save(tenant, 'lesson.in_app.en', wrong))).toMatchObject({
      errors: [{ path: 'source.colour', message: 'is not a known field; remove it' }],
    });
    const body = '<mj-text>Hello</mj-text>\n<mj-txt>x</mj-txt>';
    expect(await refusal(save(tenant, 'lesson.email.en', { subject: 'S', body }))).toMatchObject({
      errors: [{ path: 'source.body', line: 2 }],
    });
    expect(await refusal(save(tenant, 'lesson.sms.english', { text: 'x' }))).toMatchObject({
      errors: [{ path: 'key', message: expect.stringContaining('"english" is not a language') }],
    });
    expect(await refusal(save(tenant, key, { text: 'x'.repeat(60_000) }))).toMatchObject({
      errors: [{ path: 'source.text', message: expect.stringContaining('at most') }],
    });
    expect(await refusal(save(tenant, key, { text: 'x' }, { based_on: 3 }))).toMatchObject({
      errors: [{ path: 'based_on', message: 'must be 0: nothing is published yet' }],
    });
  });

  it('may not use variables that the schema of its type does not have; without a schema its author is told', async () => {
    const tenant = fresh();
    const text =
      'On {{ day | date }}\n{{ course.titel }} {{ course.title }} {{ link }} {% for item in list %}{{ item }}{% endfor %}';
    const course = { type: 'object', properties: { title: { type: 'string' } } };
    const schema = { type: 'object', properties: { day: {}, course, list: {} } };
    expect(await refusal(save(tenant, key, { text }, { schema }))).toMatchObject({
      errors: [{ path: 'source.text', line: 2, column: 4, message: expect.stringContaining('no "course.titel"') }],
    });
    const open = { ...schema, properties: { ...schema.properties, course: { ...course, additionalProperties: true } } };
    expect((await save(tenant, key, { text }, { schema: open })).warnings).toEqual([]);

    expect(await refusal(save(tenant, 'welcome.sms.sw', { text: '{{ recipient.nmae }}' }))).toMatchObject({
      errors: [{ path: 'source.text', line: 1, column: 4, message: 'recipient has no "nmae"; there is id, name' }],
    });
    const { warnings } = await save(tenant, 'invoice_issued.sms.sw', {
      text: '{{ amount }} {{ amuont }} {{ brand.name }}',
    });
    expect(warnings).toEqual([
      {
        path: 'source.text',
        line: 1,
        column: 17,
        message: expect.stringContaining('no other words of invoice_issued'),
      },
    ]);
  });
});

describe('publishing', () => {
  it('makes the draft the next version, used by every replica for the next notification; earlier versions stay', async () => {
    const tenant = fresh();
    await publishWords(tenant, key, 'One');
    expect((await everyReplicaSays(tenant, 'lesson', 'One'))[0]!.template).toEqual({
      key: 'lesson',
      version: 1,
      locale: 'en',
    });
    await save(tenant, key, { text: 'Two' });
    const { published, template } = await publish(tenant, key);
    expect(published).toBe(true);
    expect(template).toMatchObject({
      status: 'active',
      draft: null,
      version: { version: 2, in_use: true, origin: 'admin', published_by: by, source: { text: 'Two' } },
    });
    await everyReplicaSays(tenant, 'lesson', 'Two');
    const { data } = await renderer.messages.call(listTemplateVersions, { tenant, key, limit: 10, after: null });
    expect(data.map(({ version, in_use }) => [version, in_use])).toEqual([
      [2, true],
      [1, false],
    ]);
    expect(await renderer.messages.call(getTemplateVersion, { tenant, key, version: 1 })).toMatchObject({
      version: 1,
      in_use: false,
      source: { text: 'One' },
      required: [],
    });
    expect(await refusal(publish(tenant, key))).toMatchObject({ status: 409, code: 'no_draft' });
  });

  it('makes no version of words that are in use already', async () => {
    const tenant = fresh();
    await publishWords(tenant, key, 'One');
    await save(tenant, key, { text: 'One' });
    expect(await publish(tenant, key)).toMatchObject({
      published: false,
      template: { version: { version: 1 }, draft: null },
    });
  });

  it('is refused where others published since the draft was begun, until its author has seen that', async () => {
    const tenant = fresh();
    await publishWords(tenant, key, 'One');
    await save(tenant, key, { text: 'Mine' });
    await publishCatalog(tenant, 1, 'Of the catalog');
    expect(await refusal(publish(tenant, key))).toMatchObject({
      status: 409,
      code: 'template_changed',
      detail: expect.stringContaining('Version 2 of lesson.sms.en came after version 1'),
    });
    await save(tenant, key, { text: 'Mine' }, { expected: '*', based_on: 2 });
    expect((await publish(tenant, key)).template.version!.version).toBe(3);
  });

  it('is not held up by words that were only compiled anew', async () => {
    const tenant = fresh();
    await publishWords(tenant, key, 'One');
    await save(tenant, key, { text: 'Two' });
    const store = renderer.running.app.get(TemplateStore);
    const [inUse] = await store.inUse(tenant);
    const compiled = { parts: { text: 'One' }, required: [], optional: [] };
    await store.publish([{ ...inUse!, version: 2, compiled, source_hash: 'another', recompiled_from: 1 }]);
    expect((await publish(tenant, key)).template.version!.version).toBe(3);
  });

  it('happens once when several ask at once', async () => {
    const tenant = fresh();
    await save(tenant, key, { text: 'One' });
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() =>
        publish(tenant, key).then(
          () => 'published',
          ({ code }) => code as string,
        ),
      ),
    );
    expect(answers.filter((answer) => answer === 'published')).toHaveLength(1);
    const { data } = await renderer.messages.call(listTemplateVersions, { tenant, key, limit: 10, after: null });
    expect(data).toHaveLength(1);
  });

  it('never leaves words in use with a partial as it was before', async () => {
    const tenant = fresh();
    const partial = (text: string) =>
      renderer.messages.call(
        saveFragment,
        {
          tenant,
          kind: 'partial',
          key: 'sign',
          source: { text },
          note: null,
          by,
          dry_run: false,
        },
        patient,
      );
    await partial('Sign 0');
    for (let round = 1; round <= 5; round++) {
      const words = `Words ${round} {% render 'sign' %}`;
      await Promise.all([partial(`Sign ${round}`), publishWords(tenant, key, words)]);
      await everyReplicaSays(tenant, 'lesson', `Words ${round} Sign ${round}`);
    }
  });

  it('publishes only the revision that was seen', async () => {
    const tenant = fresh();
    const { template } = await save(tenant, key, { text: 'One' });
    await save(tenant, key, { text: 'Two' }, { expected: '*' });
    expect(await refusal(publish(tenant, key, { expected: template.draft!.revision }))).toMatchObject({
      status: 412,
      code: 'draft_changed',
    });
  });
});

describe('rolling back', () => {
  it('publishes a copy of any earlier version that says where it is from; the history stays', async () => {
    const tenant = fresh();
    for (const text of ['One', 'Two', 'Three']) await publishWords(tenant, key, text);
    const { published, template } = await rollBack(tenant, key, 1);
    expect(published).toBe(true);
    expect(template.version).toMatchObject({ version: 4, restored_from: 1, source: { text: 'One' }, published_by: by });
    await everyReplicaSays(tenant, 'lesson', 'One');
    await rollBack(tenant, key, 3);
    await everyReplicaSays(tenant, 'lesson', 'Three');
    const { data } = await renderer.messages.call(listTemplateVersions, { tenant, key, limit: 10, after: null });
    expect(data.map(({ version, restored_from }) => [version, restored_from])).toEqual([
      [5, 3],
      [4, 1],
      [3, null],
      [2, null],
      [1, null],
    ]);
    expect((await rollBack(tenant, key, 5)).published).toBe(false);
    expect(await refusal(rollBack(tenant, key, 9))).toMatchObject({ status: 404 });
  });

  it('brings back words that the catalog document dropped', async () => {
    const tenant = fresh();
    await publishCatalog(tenant, 1, 'Of the catalog');
    await publishCatalog(tenant, 2);
    expect(await get(tenant, key)).toMatchObject({ status: 'withdrawn', version: { in_use: false } });
    expect((await rollBack(tenant, key, 1)).template).toMatchObject({ status: 'active', version: { version: 2 } });
    await everyReplicaSays(tenant, 'lesson', 'Of the catalog');
  });
});

describe('words of a catalog and of an admin', () => {
  it('take turns: an admin’s stand until the document changes those words, and everybody can see it', async () => {
    const tenant = fresh();
    await publishCatalog(tenant, 1, 'Document');
    expect(await get(tenant, key)).toMatchObject({
      version: { version: 1, origin: 'catalog', catalog_version: 1, published_by: null },
      document: { version: 1, newest: true },
    });
    await publishWords(tenant, key, 'Admin');
    await publishCatalog(tenant, 2, 'Document', 'other');
    expect(await get(tenant, key)).toMatchObject({
      version: { version: 2, origin: 'admin' },
      document: { version: 1, newest: false },
    });
    await everyReplicaSays(tenant, 'lesson', 'Admin');
    await publishCatalog(tenant, 3, 'Document, again');
    await everyReplicaSays(tenant, 'lesson', 'Document, again');
    expect(await get(tenant, key)).toMatchObject({ version: { version: 3 }, document: { version: 3, newest: true } });
  });
});

describe('a template that is switched off', () => {
  it('gives way to the next one, and the delivery says so', async () => {
    const tenant = fresh();
    await publishWords(tenant, 'lesson.sms.sw', 'Somo');
    await publishWords(tenant, key, 'Lesson');
    await everyReplicaSays(tenant, 'lesson', 'Somo', 'sw-KE');
    const off = await switchTo(false, tenant, 'lesson.sms.sw');
    expect(off).toMatchObject({ status: 'inactive', version: { in_use: false } });
    const fallback = { wanted: 'lesson.sms.sw', reason: 'inactive' };
    const said = await everyReplicaSays(tenant, 'lesson', 'Lesson', 'sw-KE');
    expect(said[0]!.template).toEqual({ key: 'lesson', version: 1, locale: 'en', fallback });
    await switchTo(false, tenant, key);
    const generic = await everyReplicaSays(tenant, 'lesson', 'Carillon: Lesson', 'sw-KE');
    expect(generic[0]!.template).toMatchObject({ key: 'generic', fallback });
    // New words do not switch it on, and repeating changes nothing.
    await publishWords(tenant, 'lesson.sms.sw', 'Somo!');
    expect((await switchTo(false, tenant, 'lesson.sms.sw')).status).toBe('inactive');
    await switchTo(true, tenant, 'lesson.sms.sw');
    expect((await everyReplicaSays(tenant, 'lesson', 'Somo!', 'sw-KE'))[0]!.template.fallback).toBeUndefined();
  });

  it('may be Carillon’s own, for this tenant alone', async () => {
    const [tenant, other] = [fresh(), fresh()];
    const [{ text }] = (await saidByEach(other, 'welcome')) as [SmsRendered];
    expect(await switchTo(false, tenant, 'welcome.sms.en')).toMatchObject({ owner: 'system', status: 'inactive' });
    await everyReplicaSays(tenant, 'welcome', 'Carillon: Welcome');
    expect((await saidByEach(other, 'welcome')).map((sms) => sms.text)).toEqual([text, text]);
    await publishWords(tenant, 'welcome.sms.en', 'Karibu');
    await everyReplicaSays(tenant, 'welcome', 'Karibu');
    expect(await get(tenant, 'welcome.sms.en')).toMatchObject({ owner: 'own', status: 'active' });
    expect(await switchTo(true, tenant, 'welcome.sms.en', { owner: 'system' })).toMatchObject({
      owner: 'system',
      status: 'active',
    });
  });

  it('must be there', async () => {
    const tenant = fresh();
    await save(tenant, key, { text: 'Only a draft' });
    expect(await refusal(switchTo(false, tenant, key))).toMatchObject({ status: 404 });
  });
});

describe('looking words up', () => {
  it('tries the tenant’s default locale before English, and says that it fell back', async () => {
    const tenant = fresh();
    await publishWords(tenant, key, 'Lesson');
    await publishWords(tenant, 'lesson.sms.pt', 'Aula');
    const missing = { wanted: 'lesson.sms.sw-KE', reason: 'missing' };
    expect((await everyReplicaSays(tenant, 'lesson', 'Lesson', 'sw-KE'))[0]!.template.fallback).toEqual(missing);
    const settings = { default_locale: 'pt-BR' };
    await renderer.messages.call(saveBrand, { tenant, settings, merge: true, by });
    expect((await everyReplicaSays(tenant, 'lesson', 'Aula', 'sw-KE'))[0]!.template).toEqual({
      key: 'lesson',
      version: 1,
      locale: 'pt',
      fallback: missing,
    });
    expect((await saidByEach(tenant, 'lesson', 'en-GB'))[0]!.template).toEqual({
      key: 'lesson',
      version: 1,
      locale: 'en',
    });
  });

  it('finds any version by its number', async () => {
    const tenant = fresh();
    for (const text of ['One', 'Two']) await publishWords(tenant, key, text);
    const cache = renderer.running.app.get(TemplateCache);
    const name = { tenant, type: 'lesson', channel: 'sms', locale: 'en' } as const;
    expect((await cache.version(name, 1))?.version).toBe(1);
    expect(await cache.version(name, 1)).toBe(await cache.version(name, 1));
    expect(await cache.version(name, 3)).toBeNull();
  });
});

describe('the list of templates', () => {
  const list = async (tenant: string, filter: object = {}, limit = 100) => {
    const found: string[] = [];
    for (let after: string | null = null, first = true; first || after !== null; first = false) {
      const page: ResponseOf<typeof listTemplates> = await renderer.messages.call(listTemplates, {
        tenant,
        filter,
        limit,
        after,
      });
      const { data, next } = page;
      expect(data.length).toBeLessThanOrEqual(limit);
      found.push(...data.map(({ key, owner, status, draft }) => `${key} ${owner} ${status}${draft ? ' draft' : ''}`));
      after = next;
    }
    return found;
  };

  it('has the tenant’s own and Carillon’s, by page and by filter', async () => {
    const tenant = fresh();
    await publishWords(tenant, 'welcome.sms.en', 'Karibu');
    await publishWords(tenant, 'welcome.sms.sw', 'Karibu');
    await switchTo(false, tenant, 'welcome.sms.sw');
    await save(tenant, 'welcome.sms.sw', { text: 'Karibuni' });
    await save(tenant, key, { text: 'x' });
    expect(await list(tenant, { owner: 'own' })).toEqual([
      'lesson.sms.en own draft draft',
      'welcome.sms.en own active',
      'welcome.sms.sw own inactive draft',
    ]);
    expect(await list(tenant, { type: 'welcome', channel: 'sms' })).toEqual(
      expect.arrayContaining(['welcome.sms.en own active', 'welcome.sms.en system active']),
    );
    expect(await list(tenant, { status: 'draft' })).toEqual([
      'lesson.sms.en own draft draft',
      'welcome.sms.sw own inactive draft',
    ]);
    expect(await list(tenant, { status: 'inactive' })).toEqual(['welcome.sms.sw own inactive draft']);
    expect(await list(tenant, { locale: 'sw', owner: 'own' })).toEqual(['welcome.sms.sw own inactive draft']);
    const all = await list(tenant);
    expect(await list(tenant, {}, 7)).toEqual(all);
    expect(new Set(all).size).toBe(all.length);
    expect(await list(fresh(), { owner: 'own' })).toEqual([]);
  });
});

describe('the difference between two versions', () => {
  const diff = (tenant: string, from: number | 'draft', to: number | 'draft', of = key) =>
    renderer.messages.call(diffTemplate, { tenant, key: of, from, to });

  it('is shown by field and line, for drafts too', async () => {
    const tenant = fresh();
    await publishWords(tenant, key, 'Hello\nfrom us');
    await save(tenant, key, { text: 'Hello\nfrom everyone\nhere' });
    expect(await diff(tenant, 1, 'draft')).toEqual({
      from: 1,
      to: 'draft',
      fields: [
        {
          field: 'text',
          change: 'changed',
          lines: [
            { change: 'same', text: 'Hello' },
            { change: 'removed', text: 'from us' },
            { change: 'added', text: 'from everyone' },
            { change: 'added', text: 'here' },
          ],
        },
      ],
    });
    expect((await diff(tenant, 1, 1)).fields).toEqual([]);
    expect(await refusal(diff(tenant, 1, 2))).toMatchObject({
      status: 404,
      detail: expect.stringContaining('lesson.sms.en 2'),
    });
    expect(await refusal(diff(fresh(), 1, 2))).toMatchObject({ status: 404 });
  });

  it('names fields that came and went, also within lists', async () => {
    const tenant = fresh();
    const inApp = 'lesson.in_app.en';
    const words = { title: 'T', message: 'M' };
    await save(tenant, inApp, { ...words, image: '/a.png' });
    await publish(tenant, inApp);
    await save(tenant, inApp, { ...words, actions: [{ label: 'Go', url: '/go' }] });
    expect((await diff(tenant, 1, 'draft', inApp)).fields.map(({ field, change }) => `${field} ${change}`)).toEqual([
      'image removed',
      'actions[0].url added',
      'actions[0].label added',
    ]);
  });
});

/** Applies a document with these words for the lesson, or none. */
async function publishCatalog(tenant: string, version: number, text?: string, other?: string): Promise<void> {
  const templates = {
    ...(text !== undefined && { lesson: { en: { sms: { text } } } }),
    ...(other !== undefined && { other: { en: { sms: { text: other } } } }),
  };
  await renderer.messages.publish(catalogApplied, { version, templates }, { tenant, id: `catalog-${version}` });
  await until(
    'it is in use',
    async () => (await renderer.running.app.get(TemplateStore).catalogVersion(tenant)) === version,
  );
}
