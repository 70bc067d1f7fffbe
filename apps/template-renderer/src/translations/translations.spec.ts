import {
  checkTemplatesTimeoutMs,
  exportTranslations,
  getTemplate,
  importTranslations,
  missingTranslations,
  Problem,
  publishTemplate,
  saveDraft,
  type Translations,
} from '@carillon/contracts';
import { startTestService, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { service } from '../service.ts';

let renderer: TestService;

beforeAll(async () => {
  renderer = await startTestService(service);
}, 90_000);
afterAll(() => renderer?.close());

const by = 'Amina';
/** As the gateway asks for what has to be compiled. */
const patient = { timeoutMs: checkTemplatesTimeoutMs };
let tenants = 0;
/** A tenant that nobody has touched yet. */
const fresh = () => `school-${++tenants}`;

async function publish(tenant: string, key: string, source: Record<string, unknown>): Promise<void> {
  await renderer.messages.call(saveDraft, { tenant, key, source, by, schema: null }, patient);
  await renderer.messages.call(publishTemplate, { tenant, key, by }, patient);
}
const get = (tenant: string, key: string) => renderer.messages.call(getTemplate, { tenant, key, owner: 'own' });
const exported = (tenant: string, locales: string[], more: object = {}) =>
  renderer.messages.call(exportTranslations, { tenant, reference: 'en', locales, owner: 'own', ...more });
const imported = (tenant: string, translations: Translations, more: object = {}) =>
  renderer.messages.call(
    importTranslations,
    {
      tenant,
      translations,
      publish: false,
      dry_run: false,
      replace_drafts: false,
      by,
      schemas: { lesson: null, exam: null },
      ...more,
    },
    patient,
  );

async function mistakes(asked: Promise<unknown>): Promise<string[]> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ status: 422, code: 'invalid_translations' });
  return (error as Problem).errors!.map(({ path, message, line, column }) =>
    [path, message, ...(line ? [line, column] : [])].join(' '),
  );
}

const inApp = {
  title: 'Lesson',
  message: 'On {{ day }}',
  link: '/lessons',
  actions: [{ label: 'Look', url: '/lessons', style: 'primary' }],
};

describe('texts for translators', () => {
  it('stand beside those of the reference language; what is no text is left out', async () => {
    const tenant = fresh();
    await publish(tenant, 'lesson.in_app.en', inApp);
    await publish(tenant, 'lesson.sms.en', { text: 'Lesson on {{ day }}' });
    await publish(tenant, 'lesson.sms.sw', { text: 'Somo {{ day }}' });
    expect(await exported(tenant, ['sw', 'fr'])).toEqual({
      reference: 'en',
      locales: ['sw', 'fr'],
      templates: {
        'lesson.in_app': {
          title: { en: 'Lesson', sw: null, fr: null },
          message: { en: 'On {{ day }}', sw: null, fr: null },
          'actions[0].label': { en: 'Look', sw: null, fr: null },
        },
        'lesson.sms': { text: { en: 'Lesson on {{ day }}', sw: 'Somo {{ day }}', fr: null } },
      },
    });
    expect(Object.keys((await exported(tenant, ['sw'], { types: ['exam'] })).templates)).toEqual([]);
    const all = await exported(tenant, ['sw'], { owner: undefined, types: ['welcome', 'lesson'] });
    expect(Object.keys(all.templates)).toEqual(
      expect.arrayContaining(['lesson.in_app', 'lesson.sms', 'welcome.email', 'welcome.in_app', 'welcome.sms']),
    );
  });

  it('are those of another language where there are none in the reference language', async () => {
    const tenant = fresh();
    await publish(tenant, 'lesson.sms.sw', { text: 'Somo' });
    expect((await exported(tenant, ['fr'])).templates).toEqual({ 'lesson.sms': { text: { sw: 'Somo', fr: null } } });
  });
});

describe('translated texts', () => {
  /** The file that a translator gets, filled in. */
  async function filled(tenant: string, texts: Record<string, string>): Promise<Translations> {
    const file = await exported(tenant, ['sw']);
    for (const [name, text] of Object.entries(texts)) {
      const [template, field] = name.split(' ') as [string, string];
      file.templates[template]![field]!.sw = text;
    }
    return file;
  }

  it('become drafts that keep what is no text, and nothing is sent yet', async () => {
    const tenant = fresh();
    await publish(tenant, 'lesson.in_app.en', inApp);
    const file = await filled(tenant, {
      'lesson.in_app title': 'Somo',
      'lesson.in_app message': 'Tarehe {{ day }}',
      'lesson.in_app actions[0].label': 'Tazama',
    });
    expect(await imported(tenant, file, { dry_run: true })).toEqual({
      dry_run: true,
      templates: [{ key: 'lesson.in_app.sw', result: 'drafted' }],
      warnings: [],
    });
    await expect(get(tenant, 'lesson.in_app.sw')).rejects.toMatchObject({ status: 404 });
    await imported(tenant, file);
    expect(await get(tenant, 'lesson.in_app.sw')).toMatchObject({
      status: 'draft',
      draft: {
        updated_by: by,
        source: {
          ...inApp,
          title: 'Somo',
          message: 'Tarehe {{ day }}',
          actions: [{ label: 'Tazama', url: '/lessons', style: 'primary' }],
        },
      },
    });
    expect(await mistakes(imported(tenant, file))).toEqual([
      'templates.lesson.in_app there is a draft of lesson.in_app.sw; publish it, delete it, or import with replace_drafts',
    ]);
    expect((await imported(tenant, file, { replace_drafts: true })).templates[0]!.result).toBe('drafted');
  });

  it('can be published at once; what says the same already makes no version', async () => {
    const tenant = fresh();
    await publish(tenant, 'lesson.sms.en', { text: 'Lesson' });
    await publish(tenant, 'exam.sms.en', { text: 'Exam' });
    await publish(tenant, 'exam.sms.sw', { text: 'Mtihani' });
    const file = await filled(tenant, { 'lesson.sms text': 'Somo' });
    expect((await imported(tenant, file, { publish: true })).templates).toEqual([
      { key: 'exam.sms.sw', result: 'unchanged' },
      { key: 'lesson.sms.sw', result: 'published' },
    ]);
    expect(await get(tenant, 'lesson.sms.sw')).toMatchObject({
      status: 'active',
      version: { version: 1, published_by: by, source: { text: 'Somo' } },
    });
    expect((await get(tenant, 'exam.sms.sw')).version!.version).toBe(1);
    expect((await imported(tenant, file, { publish: true })).templates.map(({ result }) => result)).toEqual([
      'unchanged',
      'unchanged',
    ]);
  });

  it('are taken all or not at all, with every mistake by its place in the file', async () => {
    const tenant = fresh();
    await publish(tenant, 'lesson.in_app.en', inApp);
    await publish(tenant, 'lesson.sms.en', { text: 'Lesson' });
    await publish(tenant, 'exam.sms.en', { text: 'Exam {{ day }}' });
    const file = await filled(tenant, {
      'lesson.in_app title': 'Somo',
      'lesson.sms text': 'Somo',
      'exam.sms text': 'Mtihani\n {{ day | siku }}',
    });
    file.templates['lesson.sms']!.subject = { en: null, sw: 'Somo' };
    file.templates['party.sms'] = { text: { en: 'Party', sw: 'Sherehe' } };
    expect((await mistakes(imported(tenant, file, { publish: true }))).sort()).toEqual([
      expect.stringMatching(/^templates\.exam\.sms\.text\.sw undefined filter: siku.* 2 2$/),
      'templates.lesson.in_app.actions[0].label.sw is not translated yet',
      'templates.lesson.in_app.message.sw is not translated yet',
      'templates.lesson.sms.subject is no text of this template; it has text',
      expect.stringMatching(/^templates\.party\.sms there are no words of this type on this channel/),
    ]);
    await expect(get(tenant, 'exam.sms.sw')).rejects.toMatchObject({ status: 404 });
    expect(
      await mistakes(imported(tenant, await filled(tenant, { 'lesson.sms text': 'Somo' }), { schemas: {} })),
    ).toEqual(['templates.lesson.sms is not a type of your catalog; create it first']);
  });

  it('may leave out what is translated already, and follow the reference where it has grown', async () => {
    const tenant = fresh();
    await publish(tenant, 'lesson.in_app.sw', { title: 'Somo', message: 'Kesho', link: '/sw/lessons' });
    await publish(tenant, 'lesson.in_app.en', { title: 'Lesson', message: 'Tomorrow', link: '/lessons' });
    await imported(tenant, await filled(tenant, { 'lesson.in_app title': 'Somo jipya' }), { publish: true });
    expect((await get(tenant, 'lesson.in_app.sw')).version!.source).toEqual({
      title: 'Somo jipya',
      message: 'Kesho',
      link: '/sw/lessons',
    });
    await publish(tenant, 'lesson.in_app.en', inApp);
    const file = await filled(tenant, { 'lesson.in_app actions[0].label': 'Tazama' });
    await imported(tenant, file, { publish: true });
    expect((await get(tenant, 'lesson.in_app.sw')).version!.source).toMatchObject({
      title: 'Somo jipya',
      message: 'Kesho',
      actions: [{ label: 'Tazama', url: '/lessons' }],
    });
  });

  it('are taken with a warning when the words that they were translated from have changed since', async () => {
    const tenant = fresh();
    await publish(tenant, 'lesson.sms.en', { text: 'Lesson' });
    const file = await filled(tenant, { 'lesson.sms text': 'Somo' });
    await publish(tenant, 'lesson.sms.en', { text: 'Lesson!' });
    expect((await imported(tenant, file)).warnings).toEqual([
      { path: 'templates.lesson.sms.text.en', message: expect.stringContaining('changed after the file was made') },
    ]);
  });
});

describe('missing translations', () => {
  const missing = async (tenant: string, more: object = {}, limit = 100) => {
    const found: string[] = [];
    for (let after: string | null = null, first = true; first || after !== null; first = false) {
      const page: { data: { key: string; has: string[]; draft: boolean }[]; next: string | null } =
        await renderer.messages.call(missingTranslations, { tenant, owner: 'own', limit, after, ...more });
      found.push(...page.data.map(({ key, has, draft }) => `${key} (${has})${draft ? ' draft' : ''}`));
      after = page.next;
    }
    return found;
  };

  it('are listed by type, channel and wanted language; a language serves its regions', async () => {
    const tenant = fresh();
    await publish(tenant, 'lesson.sms.en', { text: 'Lesson' });
    await publish(tenant, 'lesson.sms.sw', { text: 'Somo' });
    await publish(tenant, 'exam.sms.en', { text: 'Exam' });
    await renderer.messages.call(saveDraft, {
      tenant,
      key: 'exam.sms.sw',
      source: { text: 'Mtihani' },
      by,
      schema: null,
    });
    expect(await missing(tenant)).toEqual(['exam.sms.sw (en) draft']);
    const wanted = { locales: ['sw-KE', 'fr', 'en-GB'] };
    const all = ['exam.sms.fr (en)', 'exam.sms.sw-KE (en)', 'lesson.sms.fr (en,sw)'];
    expect(await missing(tenant, wanted)).toEqual(all);
    expect(await missing(tenant, wanted, 1)).toEqual(all);
    expect(await missing(tenant, { ...wanted, types: ['lesson'] })).toEqual(['lesson.sms.fr (en,sw)']);
    expect(await missing(fresh())).toEqual([]);
    expect(await missing(tenant, { locales: ['fr'], owner: 'system', types: ['welcome', 'lesson'] })).toEqual(
      expect.arrayContaining([expect.stringMatching(/^welcome\.email\.fr/)]),
    );
  });
});
