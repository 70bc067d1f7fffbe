import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.ts';
import { loadBuiltIns } from '../built-in/load.ts';
import { publishBuiltIns } from '../built-in/publish.ts';
import { lookupOrder } from '../templates/lookup-order.ts';
import { IsolatedTemplates } from '../isolation/isolated-templates.ts';
import { TemplateStore } from '../templates/template-store.ts';
import { FragmentStore } from '../fragments/fragment-store.ts';
import { TemplateCompiler } from '../compile/template-compiler.ts';
import { CatalogWords } from './catalog-words.ts';

let database: TestDatabase;
let dataSource: DataSource;
let store: TemplateStore;
let words: CatalogWords;

const isolated = new IsolatedTemplates();

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await testDatabase({ 'template-renderer': migrations });
  const url = database.url('template-renderer');
  dataSource = await new DataSource(dataSourceOptions({ url, service: 'template-renderer' })).initialize();
  store = new TemplateStore(dataSource);
});
afterAll(async () => {
  isolated.onApplicationShutdown();
  await dataSource?.destroy();
  await database?.drop();
});
beforeEach(async () => {
  await database.query('TRUNCATE template_renderer.templates, template_renderer.catalogs');
  words = new CatalogWords(store, new TemplateCompiler(new FragmentStore(dataSource), isolated));
});

const sms = (text: string) => ({ sms: { text } });
const rows = (): Promise<string[]> =>
  database
    .query(
      `SELECT * FROM template_renderer.templates WHERE tenant <> '' ORDER BY tenant, type, channel, locale, version`,
    )
    .then((found) =>
      found.map(
        ({ tenant, type, channel, locale, version, catalog_version, withdrawn_at }) =>
          `${tenant} ${type} ${channel} ${locale} v${version} of ${catalog_version}${withdrawn_at ? ' withdrawn' : ''}`,
      ),
    );
const wordsFor = async (tenant: string, type: string) =>
  (await store.findFirst(lookupOrder({ tenant, type, channel: 'sms', locale: 'en' }, 'en'))).template?.compiled.parts
    .text;

describe('the words of an applied catalog', () => {
  it('become the tenant’s own and nobody else’s; what did not change keeps its version', async () => {
    const first = { lesson: { en: sms('Lesson'), sw: sms('Somo') }, exam: { en: sms('Exam') } };
    expect(await words.apply('a', 1, first)).toEqual({ current: true, published: 3, withdrawn: 0 });
    const second = { ...first, lesson: { ...first.lesson, en: sms('Lesson!') } };
    expect(await words.apply('a', 2, second)).toEqual({ current: true, published: 1, withdrawn: 0 });
    expect(await rows()).toEqual([
      'a exam sms en v1 of 1',
      'a lesson sms en v1 of 1',
      'a lesson sms en v2 of 2',
      'a lesson sms sw v1 of 1',
    ]);
    expect(await wordsFor('a', 'lesson')).toBe('Lesson!');
    expect(await wordsFor('b', 'lesson')).toBeUndefined();
  });

  it('give way to the next in the lookup order when a later catalog has them no more, and can come back', async () => {
    await publishBuiltIns(
      store,
      loadBuiltIns().filter(({ type, template }) => type === 'welcome' && template.channel === 'sms'),
    );
    const carillons = await wordsFor('a', 'welcome');
    await words.apply('a', 1, { welcome: { en: sms('Karibu'), sw: sms('Karibu') } });
    expect(await wordsFor('a', 'welcome')).toBe('Karibu');
    expect(await words.apply('a', 2, { welcome: { sw: sms('Karibu') } })).toMatchObject({ published: 0, withdrawn: 1 });
    expect(await wordsFor('a', 'welcome')).toBe(carillons);
    expect(await words.apply('a', 3, {})).toMatchObject({ withdrawn: 1 });
    await words.apply('a', 4, { welcome: { en: sms('Karibu') } });
    expect(await wordsFor('a', 'welcome')).toBe('Karibu');
    expect(await rows()).toEqual([
      'a welcome sms en v1 of 1 withdrawn',
      'a welcome sms en v2 of 4',
      'a welcome sms sw v1 of 1 withdrawn',
    ]);
  });

  it('stay when an older catalog arrives later, and change nothing when they arrive again', async () => {
    await words.apply('a', 2, { lesson: { en: sms('New') } });
    const before = await database.query('SELECT * FROM template_renderer.templates');
    expect(await words.apply('a', 1, { lesson: { en: sms('Old') }, exam: { en: sms('Exam') } })).toMatchObject({
      current: false,
    });
    expect(await words.apply('a', 2, { lesson: { en: sms('New') } })).toEqual({
      current: true,
      published: 0,
      withdrawn: 0,
    });
    expect(await database.query('SELECT * FROM template_renderer.templates')).toEqual(before);
  });

  it('are those of the newest catalog, whichever of several replicas takes which and when', async () => {
    const replicas = [
      words,
      new CatalogWords(store, new TemplateCompiler(new FragmentStore(dataSource), isolated)),
      new CatalogWords(store, new TemplateCompiler(new FragmentStore(dataSource), isolated)),
    ];
    const catalogs = [1, 2, 3, 4, 5, 6].map((version) => ({
      version,
      templates: { lesson: { en: sms(`v${version}`) }, [`only_${version}`]: { en: sms('x') } },
    }));
    const twice = [...catalogs, ...[...catalogs].reverse()];
    await Promise.all(
      twice.map(({ version, templates }, index) => replicas[index % 3]!.apply('a', version, templates)),
    );
    expect(await wordsFor('a', 'lesson')).toBe('v6');
    expect((await rows()).filter((row) => row.includes('only_') && !row.endsWith('withdrawn'))).toEqual([
      'a only_6 sms en v1 of 6',
    ]);
  });

  it('stay as they were when the database fails in the middle', async () => {
    await words.apply('a', 1, { lesson: { en: sms('One') }, exam: { en: sms('Exam') } });
    const before = await rows();
    await database.query(
      `CREATE FUNCTION template_renderer.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk on fire'; END $$;
       CREATE TRIGGER fail BEFORE UPDATE ON template_renderer.templates EXECUTE FUNCTION template_renderer.fail()`,
    );
    try {
      await expect(words.apply('a', 2, { lesson: { en: sms('Two') } })).rejects.toThrow('disk on fire');
    } finally {
      await database.query('DROP FUNCTION template_renderer.fail CASCADE');
    }
    expect(await rows()).toEqual(before);
    expect(await store.catalogVersion('a')).toBe(1);
    await words.apply('a', 2, { lesson: { en: sms('Two') } });
    expect(await wordsFor('a', 'lesson')).toBe('Two');
  });

  it('are refused whole when this release cannot compile one of them', async () => {
    await words.apply('a', 1, { lesson: { en: sms('One') } });
    await expect(
      words.apply('a', 2, { exam: { en: sms('fine') }, lesson: { en: sms('{{ x | y }}') } }),
    ).rejects.toThrow(/^catalog 2: types\.lesson\.templates\.en\.sms\.text: undefined filter: y/);
    await expect(words.apply('a', 2, { lesson: { en: { fax: {} } } })).rejects.toThrow(
      'catalog 2: types.lesson.templates.en.fax: has no templates',
    );
    expect(await rows()).toEqual(['a lesson sms en v1 of 1']);
  });
});

describe('words that an admin has published in the place of a catalog’s', () => {
  const first = { lesson: { en: sms('Lesson'), sw: sms('Somo') } };
  const admin = (version: number, text: string) =>
    store.publish([
      {
        tenant: 'a',
        type: 'lesson',
        channel: 'sms',
        locale: 'en',
        version,
        source: { text },
        source_hash: text,
        compiled: { parts: { text }, required: [], optional: [] },
        published_by: 'Amina',
      },
    ]);

  it('stand until the document changes those words, whatever else it changes', async () => {
    await words.apply('a', 1, first);
    await admin(2, 'Your lesson');
    await words.apply('a', 2, { lesson: { en: sms('Lesson'), sw: sms('Somo!') } });
    expect(await wordsFor('a', 'lesson')).toBe('Your lesson');
    await words.apply('a', 3, { lesson: { en: sms('A lesson') } });
    expect(await wordsFor('a', 'lesson')).toBe('A lesson');
    expect(await rows()).toEqual([
      'a lesson sms en v1 of 1',
      'a lesson sms en v2 of null',
      'a lesson sms en v3 of 3',
      'a lesson sms sw v1 of 1',
      'a lesson sms sw v2 of 2 withdrawn',
    ]);
  });

  it('stand until the document changes those words, even when the same words are compiled anew', async () => {
    await words.apply('a', 1, first);
    await admin(2, 'Your lesson');
    await database.query(`UPDATE template_renderer.templates SET source_hash = 'other'`);
    await words.apply('a', 2, first);
    expect(await wordsFor('a', 'lesson')).toBe('Your lesson');
  });

  it('stay when the document drops what they replaced, which comes back only as new words', async () => {
    await words.apply('a', 1, first);
    await admin(2, 'Your lesson');
    expect(await words.apply('a', 2, {})).toMatchObject({ withdrawn: 2 });
    expect(await wordsFor('a', 'lesson')).toBe('Your lesson');
    expect(await words.apply('a', 3, {})).toMatchObject({ withdrawn: 0 });
    await words.apply('a', 4, { lesson: { en: sms('Lesson') } });
    expect(await wordsFor('a', 'lesson')).toBe('Lesson');
  });

  it('are pointed out when the document is checked', async () => {
    const path = 'types.lesson.templates.en.sms';
    const warnings = async (templates: Record<string, unknown>) => (await words.check('a', templates)).warnings;
    await words.apply('a', 1, first);
    expect(await warnings(first)).toEqual([]);
    await admin(2, 'Your lesson');
    expect(await warnings(first)).toEqual([
      { path, message: 'is not in use: version 2, which Amina published, stands until these words change' },
    ]);
    expect(await warnings({ lesson: { en: sms('New') } })).toEqual([
      { path, message: expect.stringMatching(/^takes the place of version 2, which Amina published; roll back/) },
    ]);
    expect(await warnings({})).toEqual([
      { path, message: expect.stringMatching(/^is in the document no more; version 2, which Amina published/) },
    ]);
  });
});

describe('checking the words of a catalog', () => {
  it('finds everything that a save would refuse, at once, and keeps nothing', async () => {
    const { errors } = await words.check('a', {
      lesson: {
        en: {
          in_app: { title: '{{ a | shout }}', message: 'x\n{% if a %}', actions: [{ label: '{{', url: '/x' }] },
          email: { subject: '{{ b', body: '<mj-text>a</mj-text>\n<mj-text colour="red">{{ c }}</mj-text>' },
        },
        klingonish: { sms: { text: 'x' } },
      },
      exam: {
        en: { email: { subject: 'x', body: '<mj-text><a href={{ a }} style="{{ b }}">x</a></mj-text>{{ c }}' } },
        sw: { sms: {} },
      },
    });
    const found = errors.map(({ path, message }) => `${path}: ${message}`);
    expect(found).toEqual(
      [
        /^types\.lesson\.templates\.klingonish: "klingonish" is not a language/,
        /^types\.exam\.templates\.sw\.sms\.text: /,
        /^types\.lesson\.templates\.en\.in_app\.title: undefined filter: shout, line:1, col:1/,
        /^types\.lesson\.templates\.en\.in_app\.message: tag .* not closed, line:2/,
        /^types\.lesson\.templates\.en\.in_app\.actions\[0\]\.label: /,
        /^types\.lesson\.templates\.en\.email\.subject: output .* not closed/,
        /^types\.lesson\.templates\.en\.email\.body: line 2: Attribute colour is illegal/,
        /^types\.exam\.templates\.en\.email\.body: line 1, column 57: \{\{ c }} stands outside any text/,
        /^types\.exam\.templates\.en\.email\.body: line 1, column 33: values are not allowed in the attribute style/,
        /^types\.exam\.templates\.en\.email\.body: line 1, column 18: a value inside a tag must stand in a quoted attribute/,
      ].map((pattern) => expect.stringMatching(pattern)),
    );
    expect(await rows()).toEqual([]);
  });

  it('finds nothing in what is right', async () => {
    const email = { subject: 'S {{ a }}', preheader: 'P', body: '<mj-text>{{ a }}</mj-text>', greeting: false };
    const in_app = { title: 'T', message: 'M', html: '<b>{{ x }}</b>', actions: [{ label: 'L', url: '{{ link }}' }] };
    expect((await words.check('a', { t: { en: { email, in_app, ...sms('x') }, sw: { email } } })).errors).toEqual([]);
    expect(await words.check('a', {})).toEqual({ errors: [], warnings: [] });
  });

  it('does not compile again what the tenant has already', async () => {
    const templates = { t: { en: sms('x') } };
    await words.apply('a', 1, templates);
    const fresh = new CatalogWords(store, new TemplateCompiler(new FragmentStore(dataSource), isolated));
    // No time at all: whatever would have to be compiled fails.
    expect((await fresh.check('a', templates, -1)).errors).toEqual([]);
    await expect(fresh.check('b', templates, -1)).rejects.toMatchObject({ status: 503, code: 'unavailable' });
  });

  it('says so when the time is not enough, and what it found until then', async () => {
    const templates = { t: { en: sms('x') }, u: { english: sms('x') } };
    expect((await words.check('a', templates, -1)).errors).toHaveLength(1);
    await expect(words.check('a', { t: templates.t }, -1)).rejects.toThrow(
      /Only 0 of the 1 templates that changed could be checked in time/,
    );
  });
});
