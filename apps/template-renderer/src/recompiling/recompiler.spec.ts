import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.ts';
import { lookupOrder } from '../templates/lookup-order.ts';
import { TemplateStore } from '../templates/template-store.ts';
import { FragmentStore } from '../fragments/fragment-store.ts';
import { IsolatedTemplates } from '../isolation/isolated-templates.ts';
import { TemplateCompiler } from '../compile/template-compiler.ts';
import { CatalogWords } from '../catalog/catalog-words.ts';
import { Recompiler } from './recompiler.ts';

let database: TestDatabase;
let dataSource: DataSource;
let store: TemplateStore;
let words: CatalogWords;
let recompiler: Recompiler;

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
  recompiler = freshRecompiler();
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

const freshRecompiler = () => new Recompiler(store, new TemplateCompiler(new FragmentStore(dataSource), isolated));

describe('words that another release compiled', () => {
  const email = { subject: 'S {{ a }}', body: '<mj-text>{{ a }}</mj-text>', text: 'T', greeting: false };

  it('are compiled anew by whichever replica is first, and left alone the next time', async () => {
    await words.apply('a', 1, { lesson: { en: { email, ...sms('Lesson') } }, gone: { en: sms('x') } });
    await words.apply('a', 2, { lesson: { en: { email, ...sms('Lesson') } } });
    await words.apply('b', 1, { lesson: { en: { email } } });
    expect(await recompiler.refreshAll()).toEqual([]);
    await database.query(
      `UPDATE template_renderer.templates SET source_hash = 'other' WHERE tenant = 'a' AND channel = 'email' OR type = 'gone'`,
    );
    const replicas = [recompiler, freshRecompiler(), freshRecompiler()];
    expect((await Promise.all(replicas.map((replica) => replica.refreshAll()))).flat()).toEqual(['a']);
    expect(await recompiler.refreshAll()).toEqual([]);
    expect(await rows()).toEqual([
      'a gone sms en v1 of 1 withdrawn',
      'a lesson email en v1 of 1',
      'a lesson email en v2 of 1',
      'a lesson sms en v1 of 1',
      'b lesson email en v1 of 1',
    ]);
  });

  it('stay as they are when this release refuses them', async () => {
    await words.apply('a', 1, { lesson: { en: sms('Lesson') }, exam: { en: sms('Exam') }, trip: { en: sms('Trip') } });
    await database.query(
      `UPDATE template_renderer.templates SET source_hash = 'other', source = CASE type
         WHEN 'lesson' THEN '{"text": "{{ a | no_more }}"}' WHEN 'exam' THEN '{"words": "x"}' ELSE source END::jsonb`,
    );
    expect(await recompiler.refreshAll()).toEqual(['a']);
    expect(await wordsFor('a', 'lesson')).toBe('Lesson');
    expect(await rows()).toEqual([
      'a exam sms en v1 of 1',
      'a lesson sms en v1 of 1',
      'a trip sms en v1 of 1',
      'a trip sms en v2 of 1',
    ]);
  });
});
