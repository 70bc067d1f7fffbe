import { testDatabase, type TestDatabase } from '@carillon/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dataSourceOptions } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.ts';
import { compileTemplate } from '../compile/compile.ts';
import { lookupOrder } from '../templates/lookup-order.ts';
import type { TemplatedChannel } from '../templates/template-source.ts';
import { TemplateStore } from '../templates/template-store.ts';
import { loadBuiltIns, type BuiltIn } from './load.ts';
import { publishBuiltIns } from './publish.ts';

const builtIns = loadBuiltIns().filter(
  ({ type, locale }) => locale === 'en' && ['welcome', 'test_message', 'generic'].includes(type),
);
let database: TestDatabase;
let dataSource: DataSource;
let store: TemplateStore;
let compilations: string[];

beforeAll(async () => {
  database = await testDatabase({ 'template-renderer': migrations });
  const url = database.url('template-renderer');
  dataSource = await new DataSource(dataSourceOptions({ url, service: 'template-renderer' })).initialize();
  store = new TemplateStore(dataSource);
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});
beforeEach(async () => {
  await database.query('TRUNCATE template_renderer.templates');
  compilations = [];
});

const publish = (from: readonly BuiltIn[] = builtIns) =>
  publishBuiltIns(store, from, ({ type, template, locale, layout }) => {
    compilations.push(`${type} ${template.channel}`);
    return compileTemplate(template, locale, layout);
  });

const found = async (tenant: string, type: string, channel: TemplatedChannel, locale: string) =>
  (await store.findFirst(lookupOrder({ tenant, type, channel, locale }, 'en'))).template;

const versions = async (): Promise<string[]> => {
  const rows = await database.query('SELECT type, channel, version FROM template_renderer.templates ORDER BY 1, 2, 3');
  return rows.map(({ type, channel, version }) => `${type} ${channel} ${version}`);
};

const changed = (type: string): BuiltIn[] =>
  builtIns.map((builtIn) =>
    builtIn.type === type && builtIn.template.channel === 'sms'
      ? { ...builtIn, template: { channel: 'sms', source: { text: 'Changed' } }, hash: 'changed' }
      : builtIn,
  );

describe('publishing the built-in templates', () => {
  it('compiles and stores each of them once, and nothing the second time', async () => {
    expect(await publish()).toHaveLength(builtIns.length);
    expect(compilations).toHaveLength(builtIns.length);
    compilations = [];
    expect(await publish()).toEqual([]);
    expect(compilations).toEqual([]);
    expect((await versions()).every((version) => version.endsWith(' 1'))).toBe(true);
  });

  it('publishes a changed source as the next version and leaves the others alone', async () => {
    await publish();
    compilations = [];
    expect(await publish(changed('welcome'))).toEqual([{ tenant: '', type: 'welcome', channel: 'sms', locale: 'en' }]);
    expect(compilations).toEqual(['welcome sms']);
    expect(await versions()).toEqual(expect.arrayContaining(['welcome sms 1', 'welcome sms 2', 'welcome email 1']));
    expect(await found('t', 'welcome', 'sms', 'en-KE')).toMatchObject({
      version: 2,
      compiled: { parts: { text: 'Changed' } },
    });
  });

  it('goes back to an earlier source by publishing it again', async () => {
    await publish();
    await publish(changed('welcome'));
    await publish();
    expect((await found('t', 'welcome', 'sms', 'en'))!.version).toBe(3);
  });

  it('is safe when several replicas start at once', async () => {
    const published = await Promise.all([publish(), publish(), publish()]);
    expect(published.flat()).toHaveLength(builtIns.length);
    expect(await versions()).toHaveLength(builtIns.length);
  });

  it('is safe when replicas of two releases start at once', async () => {
    await publish();
    await Promise.all([publish(changed('welcome')), publish(changed('test_message'))]);
    expect(await publish(changed('welcome')).then(() => publish(changed('welcome')))).toEqual([]);
  });
});

describe('looking templates up', () => {
  it('answers many questions with one statement, each with its best template', async () => {
    await publish();
    const answers = await Promise.all([
      found('school', 'welcome', 'email', 'sw-KE'),
      found('school', 'unheard_of', 'sms', 'en'),
      store
        .findFirst({ tenant: 'school', keys: [{ tenant: '', type: 'unheard_of', channel: 'sms', locale: 'en' }] })
        .then(({ template }) => template),
    ]);
    expect(answers.map((answer) => answer && `${answer.type} ${answer.channel} ${answer.locale}`)).toEqual([
      'welcome email en',
      'generic sms en',
      null,
    ]);
  });
});
