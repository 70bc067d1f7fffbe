import {
  catalogApplied,
  createExperiment,
  deleteExperiment,
  experimentObserved,
  freshId,
  getExperiment,
  inAppChunkRendered,
  listExperiments,
  promoteVariant,
  routedOfChunk,
  startExperiment,
  stopExperiment,
  type ChunkRouted,
  type ExperimentInput,
  type Observation,
  type RenderedNotification,
  tendRetention,
} from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { startTestService, until, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Renderer } from '../rendering/renderer.ts';
import { service } from '../service.ts';
import { routedTo } from '../testing/sample.ts';
import { ExperimentsInUse } from './assignment/experiments-in-use.ts';

let renderer: TestService;
let replica: TestService;

beforeAll(async () => {
  renderer = await startTestService(service);
  const { database, broker } = renderer;
  replica = await startTestService(service, {}, { database, broker });
}, 60_000);
afterAll(async () => {
  await replica?.close();
  await renderer?.close();
});

const by = 'marketing';
const words = (text: string) => ({ sms: { text }, in_app: { title: text, message: 'M' } });

/** Applies a catalog with these words of the type `lesson` and waits until they are in use. */
async function apply(tenant: string, version: number, templates: Record<string, unknown>): Promise<void> {
  const data = { version, templates: { lesson: templates } };
  await renderer.messages.publish(catalogApplied, data as never, { tenant, id: `${tenant} ${version}` });
  await until('the words are in use', async () => {
    const [row] = await renderer.database.query('SELECT version FROM template_renderer.catalogs WHERE tenant = $1', [
      tenant,
    ]);
    return row?.version === version;
  });
}

type Input = RequestOf<typeof createExperiment>['experiment'];
const about = (changes: Partial<Input> = {}): Input => ({
  name: 'Shorter',
  type: 'lesson',
  channel: 'sms',
  variants: [{ key: 'control' }, { key: 'short', words: { en: { text: 'Short' } } }],
  ...changes,
});
const create = (tenant: string, changes: Partial<Input> = {}) =>
  renderer.messages.call(createExperiment, { tenant, experiment: about(changes) as ExperimentInput, created_by: by });
const get = (tenant: string, id: string) => renderer.messages.call(getExperiment, { tenant, id });
const start = (tenant: string, id: string) => renderer.messages.call(startExperiment, { tenant, id });
const stop = (tenant: string, id: string) => renderer.messages.call(stopExperiment, { tenant, id });
const promote = (tenant: string, id: string, variant: string) =>
  renderer.messages.call(promoteVariant, { tenant, id, variant, promoted_by: by });
const mistakes = async (promise: Promise<unknown>): Promise<string[]> => {
  const problem: any = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(problem).toMatchObject({ status: 422, code: 'invalid_experiment' });
  return problem.errors.map(({ path, message }: any) => `${path} ${message}`);
};

/** What a recipient would read by SMS, and under which name the delivery would keep it. */
async function reads(tenant: string, person: string, on = renderer, locale = 'en') {
  const recipient = { id: person, name: null, locale, time_zone: 'UTC' };
  const routed = routedTo(['sms'], { type: 'lesson', data: {}, recipient });
  const { deliveries, failures } = await on.running.app.get(Renderer).render(tenant, routed);
  expect(failures).toEqual([]);
  const { text, template } = deliveries[0]!.data as { text: string; template: RenderedNotification['template']['sms'] };
  return { text, template: template! };
}
/** Waits until a replica has heard of what began or ended. */
const runningOn = (on: TestService, tenant: string, count: number) =>
  until(
    'the replica has heard of it',
    async () => (await on.running.app.get(ExperimentsInUse).of(tenant)).size === count,
  );
const people = Array.from({ length: 40 }, (_, person) => `parent-${person}`);

describe('an experiment', () => {
  it('gives every recipient one variant, the same on every replica, until it is stopped', async () => {
    await apply('a', 1, { en: words('Long'), sw: words('Ndefu') });
    const draft = await create('a', { locale: 'EN' });
    expect(draft).toMatchObject({
      status: 'draft',
      type: 'lesson',
      channel: 'sms',
      locale: 'en',
      goal: 'delivered',
      created_by: by,
      started_at: null,
      variants: [
        { key: 'control', weight: 1, words: { en: { owner: 'own', version: 1 } } },
        { key: 'short', weight: 1, words: { en: { owner: 'variant', version: 0, source: { text: 'Short' } } } },
      ],
    });
    expect(draft.variants[1]!.words.en).not.toHaveProperty('compiled');
    expect((await reads('a', 'parent-1')).template).toEqual({ key: 'lesson', version: 1, locale: 'en' });

    expect(await start('a', draft.id)).toMatchObject({ status: 'running', started_at: expect.any(String) });
    await Promise.all([runningOn(renderer, 'a', 1), runningOn(replica, 'a', 1)]);
    const before = await Promise.all(people.map((person) => reads('a', person)));
    expect(new Set(before.map(({ text, template }) => `${text} ${JSON.stringify(template)}`))).toEqual(
      new Set(
        [
          ['Long', { key: 'lesson', version: 1, locale: 'en', experiment: draft.id, variant: 'control' }],
          ['Short', { key: 'lesson', version: 0, locale: 'en', experiment: draft.id, variant: 'short' }],
        ].map(([text, template]) => `${text as string} ${JSON.stringify(template)}`),
      ),
    );
    expect(await Promise.all(people.map((person) => reads('a', person, replica)))).toEqual(before);
    // Words that are published meanwhile are for those who take part in nothing.
    await apply('a', 2, { en: words('Longer'), sw: words('Ndefu') });
    expect(await Promise.all(people.map((person) => reads('a', person, replica)))).toEqual(before);
    expect(await reads('a', 'parent-1', renderer, 'sw')).toEqual({
      text: 'Ndefu',
      template: { key: 'lesson', version: 1, locale: 'sw' },
    });

    expect(await stop('a', draft.id)).toMatchObject({ status: 'stopped', ended_at: expect.any(String) });
    expect(await stop('a', draft.id)).toMatchObject({ status: 'stopped' });
    await Promise.all([runningOn(renderer, 'a', 0), runningOn(replica, 'a', 0)]);
    for (const person of people.slice(0, 5)) expect((await reads('a', person, replica)).text).toBe('Longer');
  });

  it('gives a fan-out the words of each variant once', async () => {
    await apply('b', 1, { en: words('Long') });
    const variants = [{ key: 'control' }, { key: 'short', words: { en: { title: 'Short', message: 'M' } } }];
    const { id } = await create('b', { channel: 'in_app', variants });
    await start('b', id);
    await runningOn(renderer, 'b', 1);
    const {
      notification_id: _,
      recipient: __,
      deliveries: ___,
      ...shared
    } = routedTo([], { type: 'lesson', data: {} });
    const chunk: ChunkRouted = {
      ...shared,
      to: people.map((person) => ({
        notification_id: `n-${person}`,
        recipient: { id: person, name: null, locale: 'en', time_zone: 'UTC' },
        deliveries: [{ delivery_id: `d-${person}`, channel: 'in_app', address: person }],
      })),
    };
    const { chunks, deliveries } = await renderer.running.app.get(Renderer).renderChunk('b', chunk);
    expect(deliveries).toEqual([]);
    expect(chunks.map(({ title, template }) => `${title} ${template.variant}`).sort()).toEqual([
      'Long control',
      'Short short',
    ]);
    for (const { template, title, to } of chunks) {
      expect(inAppChunkRendered.schema.parse({ ...chunks[0], template, to }).template.experiment).toBe(id);
      for (const { recipient } of to) {
        const single = routedOfChunk(
          chunk,
          chunk.to.find((member) => member.recipient.id === recipient)!,
        );
        const alone = await renderer.running.app.get(Renderer).render('b', single);
        expect(alone.deliveries[0]!.data).toMatchObject({ title, template });
      }
    }
    expect(chunks.flatMap(({ to }) => to).length).toBe(people.length);
  });

  it('is one at a time for a template', async () => {
    await apply('c', 1, { en: words('Long') });
    const [first, second] = [await create('c'), await create('c', { name: 'Second' })];
    const title = { title: 'T', message: 'M' };
    const other = await create('c', {
      channel: 'in_app',
      variants: [{ key: 'a' }, { key: 'b', words: { en: title } }],
    });
    await start('c', first.id);
    await expect(start('c', second.id)).rejects.toMatchObject({
      status: 409,
      code: 'experiment_running',
      detail: `"Shorter" (${first.id}) is about lesson by sms too; stop it or promote a variant of it first.`,
    });
    await expect(start('c', first.id)).rejects.toMatchObject({ status: 409, code: 'experiment_not_draft' });
    await expect(stop('c', second.id)).rejects.toMatchObject({ status: 409, code: 'experiment_not_running' });
    await start('c', other.id);
    await stop('c', first.id);
    await start('c', second.id);
    await expect(start('c', first.id)).rejects.toMatchObject({ code: 'experiment_not_draft' });
    const of = (filter: object) =>
      renderer.messages.call(listExperiments, { tenant: 'c', filter, limit: 2, after: null });
    const page = await of({});
    expect(page.data.map(({ id }) => id)).toEqual([other.id, second.id]);
    const rest = await renderer.messages.call(listExperiments, { tenant: 'c', filter: {}, limit: 2, after: page.next });
    expect(rest).toMatchObject({ data: [{ id: first.id, status: 'stopped' }], next: null });
    expect((await of({ status: 'running', channel: 'sms' })).data.map(({ id }) => id)).toEqual([second.id]);
  });

  it('is deleted with its results, unless it is running', async () => {
    await apply('d', 1, { en: words('Long') });
    const { id } = await create('d');
    await start('d', id);
    const remove = () => renderer.messages.call(deleteExperiment, { tenant: 'd', id });
    await expect(remove()).rejects.toMatchObject({ status: 409, code: 'experiment_running' });
    await stop('d', id);
    await observe('d', id, 'short', freshId(), 'sent');
    await until('it is counted', async () => (await get('d', id)).results.variants[1]!.sent === 1);
    expect(await remove()).toMatchObject({ id, status: 'stopped' });
    await expect(get('d', id)).rejects.toMatchObject({ status: 404 });
    const late = freshId();
    await observe('d', id, 'short', late, 'opened');
    await observe('d', (await create('d')).id, 'short', late, 'opened');
    await until('what came after it is counted', async () => (await kept('d')).length === 1);
  });

  it('is no other tenant’s', async () => {
    await apply('e', 1, { en: words('Long') });
    const { id } = await create('e');
    for (const call of [get, start, stop]) await expect(call('f', id)).rejects.toMatchObject({ status: 404 });
    await expect(promote('f', id, 'short')).rejects.toMatchObject({ status: 404 });
    const removal = renderer.messages.call(deleteExperiment, { tenant: 'f', id });
    await expect(removal).rejects.toMatchObject({ status: 404 });
    expect(
      (await renderer.messages.call(listExperiments, { tenant: 'f', filter: {}, limit: 9, after: null })).data,
    ).toEqual([]);
  });
});

describe('the variants of an experiment', () => {
  beforeAll(async () => {
    await apply('v', 1, { en: words('One'), sw: words('Moja') });
    await apply('v', 2, { en: words('Two'), sw: words('Moja') });
  });

  it('may be versions that were published before, in every language', async () => {
    const variants = [{ key: 'now' }, { key: 'before', versions: { en: 1, sw: 1 } }];
    const draft = await create('v', { variants });
    expect(draft.variants.map((variant) => variant.words)).toEqual([
      { en: { owner: 'own', version: 2 }, sw: { owner: 'own', version: 1 } },
      { en: { owner: 'own', version: 1 }, sw: { owner: 'own', version: 1 } },
    ]);
    await start('v', draft.id);
    await runningOn(renderer, 'v', 1);
    const seen = await Promise.all(people.map((person) => reads('v', person)));
    expect(new Set(seen.map(({ text, template }) => `${text} ${template.version} ${template.variant}`))).toEqual(
      new Set(['Two 2 now', 'One 1 before']),
    );
    await stop('v', draft.id);
  });

  it('may be Carillon’s, where the tenant has no words of its own', async () => {
    const variants = [{ key: 'a' }, { key: 'b', words: { en: { text: 'Karibu' } } }];
    const draft = await create('v', { type: 'test_message', locale: 'en', variants });
    expect(draft.variants[0]!.words).toEqual({ en: { owner: 'system', version: 1 } });
  });

  it('are refused with everything that is wrong with them, by its place', async () => {
    const of = (...variants: NonNullable<Input['variants']>) => mistakes(create('v', { variants }));
    expect(
      await of({ key: 'a', versions: { en: 9, fr: 1 } }, { key: 'b', words: { en: { text: '{{ x | y }}' } } }),
    ).toEqual([
      'variants[0].versions.fr is not a language of the experiment; it has en, sw',
      'variants[0].versions.sw is missing: every variant speaks every language of the experiment; give "locale" for one alone',
      'variants[0].versions.en there is no version 9; the newest is 2',
      'variants[1].words.sw is missing: every variant speaks every language of the experiment; give "locale" for one alone',
      expect.stringContaining('variants[1].words.en.text undefined filter: y'),
    ]);
    const needy = await of({ key: 'a' }, { key: 'b', words: { en: { text: 'At {{ time }}' }, sw: { title: 'x' } } });
    expect(needy.sort()).toEqual([
      `variants[1].words.en needs "time", which the words in use do not; write {{ time | default: '…' }}`,
      expect.stringContaining('variants[1].words.sw.text '),
      'variants[1].words.sw.title is not a known field; remove it',
    ]);
    const twice = { en: { text: 'A' }, EN: { text: 'B' }, sw: { text: 'C' } };
    expect(await of({ key: 'a' }, { key: 'b', words: twice })).toEqual([
      'variants[1].words.EN is the same language as "en"; keep one of them',
    ]);
    expect(await mistakes(create('v', { goal: 'opened' }))).toEqual([
      'goal nobody sees an SMS opened; use delivered or clicked',
    ]);
    expect(await mistakes(create('v', { locale: 'fr' }))).toEqual([
      'locale "fr" has no words in use; "lesson" has them in en, sw',
    ]);
    expect(await mistakes(create('v', { type: 'nothing' }))).toEqual([
      'type "nothing" has no words in use by sms; publish some first',
    ]);
  });
});

describe('the winner of an experiment', () => {
  it('is in use at once on all replicas, in every language, and stands until the catalog changes the words', async () => {
    await apply('w', 1, { en: words('Long'), sw: words('Ndefu') });
    const short = { en: { text: 'Short' }, sw: { text: 'Fupi' } };
    const { id } = await create('w', { variants: [{ key: 'control' }, { key: 'short', words: short }] });
    await expect(promote('w', id, 'short')).rejects.toMatchObject({ status: 409, code: 'experiment_not_started' });
    await start('w', id);
    await expect(promote('w', id, 'longer')).rejects.toMatchObject({
      status: 422,
      code: 'unknown_variant',
      errors: [{ path: 'variant', message: '"longer" is not a variant; there are control, short' }],
    });
    await runningOn(replica, 'w', 1);
    expect(await promote('w', id, 'short')).toMatchObject({ status: 'promoted', winner: 'short' });
    await runningOn(replica, 'w', 0);
    for (const on of [renderer, replica]) {
      await until('the winner is in use', async () => (await reads('w', 'parent-1', on)).text === 'Short');
      for (const person of people) {
        expect(await reads('w', person, on)).toEqual({
          text: 'Short',
          template: { key: 'lesson', version: 2, locale: 'en' },
        });
      }
      expect((await reads('w', 'parent-1', on, 'sw')).text).toBe('Fupi');
    }
    expect(await promote('w', id, 'short')).toMatchObject({ status: 'promoted' });
    await expect(promote('w', id, 'control')).rejects.toMatchObject({ status: 409, code: 'experiment_promoted' });
    const versions = await renderer.database.query(
      `SELECT version, published_by FROM template_renderer.templates
       WHERE tenant = 'w' AND channel = 'sms' AND locale = 'en' ORDER BY version`,
    );
    expect(versions).toEqual([
      { version: 1, published_by: null },
      { version: 2, published_by: by },
    ]);
  });

  it('gets no new version where it says what is in use already', async () => {
    await apply('x', 1, { en: words('Long') });
    const { id } = await create('x');
    await start('x', id);
    await stop('x', id);
    expect(await promote('x', id, 'control')).toMatchObject({ status: 'promoted', winner: 'control' });
    expect(await reads('x', 'parent-1')).toMatchObject({ text: 'Long', template: { version: 1 } });
  });

  it('is one, whoever promotes at the same time', async () => {
    await apply('y', 1, { en: words('Long') });
    const { id } = await create('y', {
      variants: [
        { key: 'a', words: { en: { text: 'A' } } },
        { key: 'b', words: { en: { text: 'B' } } },
      ],
    });
    await start('y', id);
    const settled = await Promise.allSettled(['a', 'b', 'a', 'b'].map((variant) => promote('y', id, variant)));
    const { winner } = await get('y', id);
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(2);
    await until('it is in use', async () => (await reads('y', 'parent-1')).text === winner!.toUpperCase());
    expect((await reads('y', 'parent-1')).template.version).toBe(2);
  });
});

/** Tells what became of a delivery. */
function observe(tenant: string, experiment: string, variant: string, delivery_id: string, what: Observation, at = 0) {
  const data = { experiment, variant, delivery_id, channel: 'sms' as const, what, at: new Date(at).toISOString() };
  return renderer.messages.publish(experimentObserved, data, { tenant, id: `${delivery_id} ${what} ${at}` });
}
const kept = (tenant: string) =>
  renderer.database.query('SELECT * FROM template_renderer.experiment_deliveries WHERE tenant = $1', [tenant]);

describe('what becomes of the deliveries of an experiment', () => {
  it('counts once, in whatever order and however often it is told', async () => {
    await apply('z', 1, { en: words('Long') });
    const { id } = await create('z');
    const stories: [Observation, number][][] = [
      [['sent', 1]],
      [['sent', 1], ['delivered', 2]], // prettier-ignore
      [['sent', 1], ['opened', 3], ['opened', 4], ['clicked', 5], ['clicked', 6]], // prettier-ignore
      [['clicked', 5]],
      [['failed', 1]],
      [['failed', 1], ['sent', 2]], // prettier-ignore
      [['sent', 1], ['failed', 2]], // prettier-ignore
      [['failed', 1], ['delivered', 2]], // prettier-ignore
    ];
    const facts = stories.flatMap((story) => {
      const delivery = freshId();
      return story.map(([what, at]) => [delivery, what, at] as const);
    });
    // Backwards, then all again.
    for (const told of [[...facts].reverse(), facts]) {
      for (const [delivery, what, at] of told) await observe('z', id, 'short', delivery, what, at);
    }
    await observe('z', id, 'control', freshId(), 'sent');
    await until('all are kept', async () => (await kept('z')).length === stories.length + 1);
    const { results } = await get('z', id);
    const expected = { sent: 7, delivered: 2, failed: 2, opened: 2, clicked: 2 };
    expect(results.variants[1]).toMatchObject({ key: 'short', ...expected });
    expect(results.variants[1]!.rates.failed!.rate).toBe(0.25);
    expect(results.variants[0]).toMatchObject({ key: 'control', sent: 1, opened: 0 });
    expect(results.enough_data).toBe(false);
  });

  it('is counted for good thirty days after the end, and its deliveries are kept no more', async () => {
    await apply('za', 1, { en: words('Long') });
    const [{ id }, other] = [await create('za'), await create('za')];
    const kinds = ['sent', 'opened', 'failed'] as const;
    for (const what of kinds) await observe('za', id, 'short', freshId(), what);
    await observe('za', other.id, 'short', freshId(), 'sent');
    await until('all are kept', async () => (await kept('za')).length === 4);
    await start('za', id);
    await stop('za', id);
    const { results } = await get('za', id);
    const keepHouse = () =>
      renderer.messages.call(tendRetention, {
        service: 'template-renderer',
        tenant: null,
        plan: { leftovers: { days: 90, by_tenant: {} } },
        dry_run: false,
        seconds: 30,
      });
    await keepHouse();
    expect(await kept('za')).toHaveLength(4);
    await renderer.database.query(
      `UPDATE template_renderer.experiments SET ended_at = now() - interval '31 days' WHERE id = $1`,
      [id],
    );
    // Whichever replica answers.
    await Promise.all([keepHouse(), keepHouse()]);
    expect((await kept('za')).map(({ experiment_id }) => experiment_id)).toEqual([other.id]);
    await observe('za', id, 'short', freshId(), 'sent');
    await observe('za', other.id, 'short', freshId(), 'sent');
    await until('what came after it is kept', async () => (await kept('za')).length === 2);
    expect((await get('za', id)).results).toEqual(results);
    expect(results.variants[1]).toMatchObject({ sent: 2, opened: 1, failed: 1 });
  });

  it('names nobody', async () => {
    const columns = await renderer.database.query(
      `SELECT column_name FROM information_schema.columns WHERE table_name = 'experiment_deliveries'`,
    );
    expect(columns.map(({ column_name }) => column_name)).not.toContain('recipient');
  });
});
