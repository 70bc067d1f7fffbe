import { describe, expect, it } from '@jest/globals';
import { Problem, type CatalogType } from '@carillon/contracts';
import { foundation } from '../catalog/built-in-types.ts';
import { Catalog } from '../catalog/catalog.ts';
import { parseCatalog } from '../catalog/parse-catalog.ts';
import { targetsOf, wordsOf } from './targets.ts';

const lesson: CatalogType = { category: 'activity', channels: ['in_app'], on: 'lesson.moved' };
const catalogOf = (types: Record<string, CatalogType>) => Catalog.of(1, parseCatalog({ types }, foundation));

const told = (data: object, catalog: Catalog, more: object = {}) =>
  targetsOf(
    {
      requested: false,
      request: { type: 'lesson.moved', data: data as Record<string, unknown> },
      source: '/bookings',
      cloudEventId: 'b-7',
      ...more,
    },
    catalog,
  );
const failureOf = (work: () => unknown): Problem => {
  try {
    work();
  } catch (error) {
    return error as Problem;
  }
  throw new Error('it did not fail');
};

describe('what an event of a domain service means', () => {
  it('is every type that it triggers, each with its own recipients', () => {
    const { targets, skipped } = told(
      { pupils: [{ guardian: 'amina' }, { guardian: 'bo' }, { guardian: 'amina' }] },
      catalogOf({
        for_guardians: { ...lesson, to: 'data.pupils | map: "guardian"' },
        for_office: { ...lesson, to: { role: 'office' } },
      }),
    );
    expect(targets.map(({ type, to }) => [type.key, to])).toEqual([
      ['for_guardians', ['amina', 'bo']],
      ['for_office', { role: 'office' }],
    ]);
    expect(skipped).toEqual([]);
  });

  it('leaves out types whose condition does not hold, and says so', () => {
    const catalog = catalogOf({
      paid: { ...lesson, when: 'data.price > 0', to: 'data.who' },
      any: { ...lesson, to: 'data.who' },
    });
    expect(told({ price: 0, who: 'amina' }, catalog)).toMatchObject({
      targets: [{ type: { key: 'any' } }],
      skipped: ['paid'],
    });
    expect(told({ price: 9, who: 'amina' }, catalog).targets).toHaveLength(2);
  });

  it('is whom the event itself names where the catalog does not say', () => {
    const catalog = catalogOf({ moved: lesson });
    expect(told({ recipient_id: 'amina' }, catalog).targets[0]!.to).toEqual(['amina']);
    expect(told({}, catalog, { subject: 'bo' }).targets[0]!.to).toEqual(['bo']);
    expect(failureOf(() => told({}, catalog))).toMatchObject({ code: 'no_recipient' });
  });

  it('cannot be told where an expression fails: the problem names the expression and the event', () => {
    const when = failureOf(() => told({}, catalogOf({ moved: { ...lesson, when: 'data.price > 0', to: 'data.who' } })));
    expect(when).toMatchObject({
      status: 422,
      code: 'expression_failed',
      detail: 'The event is b-7 of /bookings.',
      errors: [{ path: 'types.moved.when', message: expect.stringContaining('data.price > 0') }],
    });
    const to = failureOf(() => told({ who: [] }, catalogOf({ moved: { ...lesson, to: 'data.who' } })));
    expect(to).toMatchObject({ code: 'expression_failed', errors: [{ path: 'types.moved.to' }] });
  });

  it('is refused where the data do not fit the type’s schema, by field', () => {
    const schema = { type: 'object', required: ['course'], properties: { course: { type: 'string' } } };
    const problem = failureOf(() =>
      told({ recipient_id: 'amina', course: 7 }, catalogOf({ moved: { ...lesson, schema } })),
    );
    expect(problem).toMatchObject({ code: 'invalid_data', errors: [{ path: 'data.course' }] });
  });

  it('becomes one with similar ones by the key of the catalog', () => {
    const batch = (key: string, data: object) =>
      told(
        { recipient_id: 'amina', ...data },
        catalogOf({ moved: { ...lesson, batch: { key, window: '10m', max: 5 } } }),
      ).targets[0]!.batch;
    expect(batch('data.room', { room: 7 })).toEqual({ key: '7', window_ms: 600_000, max: 5 });
    expect(batch('data.room | default: ""', {})).toBeUndefined();
    expect(batch('data.room', { room: 'x'.repeat(300) })!.key).toMatch(/^[0-9a-f]{64}$/);
    expect(failureOf(() => batch('data.room', { room: ['a'] }))).toMatchObject({
      code: 'expression_failed',
      errors: [{ path: 'types.moved.batch.key' }],
    });
  });
});

describe('what a request means', () => {
  const catalog = catalogOf({ moved: { ...lesson, when: 'data.price > 0', to: 'data.who' } });
  const asked = (request: object) => told({}, catalog, { requested: true, request });

  it('is what it asks for: conditions and recipients of the catalog are for those who name nobody', () => {
    expect(asked({ type: 'moved', recipients: ['amina', 'amina'] }).targets).toMatchObject([{ to: ['amina'] }]);
    expect(asked({ type: 'lesson.moved', audience: { tag: 'x' } }).targets).toMatchObject([{ to: { tag: 'x' } }]);
  });

  it('is refused for a type or a category that there is not', () => {
    expect(failureOf(() => asked({ type: 'nothing', recipients: ['amina'] }))).toMatchObject({
      code: 'unknown_type',
      errors: [{ path: 'type' }],
    });
    expect(failureOf(() => asked({ type: 'moved', category: 'nonsense', recipients: ['amina'] }))).toMatchObject({
      code: 'unknown_category',
      errors: [{ path: 'category' }],
    });
  });

  it('needs no data for words that it brings itself', () => {
    const schema = { type: 'object', required: ['course'] };
    const strict = catalogOf({ moved: { ...lesson, schema } });
    const request = { type: 'moved', recipients: ['amina'], content: { title: 'Hello', message: 'There' } };
    expect(told({}, strict, { requested: true, request }).targets).toHaveLength(1);
  });
});

describe('whose words an event uses', () => {
  const catalog = catalogOf({ moved: { ...lesson, template: 'welcome', on: ['lesson.moved', 'user.registered'] } });
  const wordsFor = (request: object) => {
    const asked = { recipients: ['amina'], ...request };
    return wordsOf(asked, told({}, catalog, { requested: true, request: asked }).targets, catalog);
  };

  it('are those of its types, in the version of the catalog that has them, on the channels that it or the type names', () => {
    expect(wordsFor({ type: 'lesson.moved' })).toEqual([
      { template: 'welcome', channels: ['in_app'], catalog_version: 1 },
    ]);
    expect(wordsFor({ type: 'lesson.moved', channels: ['sms'] })).toMatchObject([{ channels: ['sms'] }]);
    expect(wordsFor({ type: 'user.registered' })).toEqual([
      { template: 'welcome', channels: ['in_app', 'email'] },
      { template: 'welcome', channels: ['in_app'], catalog_version: 1 },
    ]);
  });

  it('are nobody’s where it brings its own', () => {
    expect(wordsFor({ type: 'lesson.moved', content: { title: 'Hello', message: 'There' } })).toEqual([]);
  });
});
