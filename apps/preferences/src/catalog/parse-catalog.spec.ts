import { describe, expect, it } from '@jest/globals';
import { Problem, type CatalogDocument, type FieldError } from '@carillon/contracts';
import fc from 'fast-check';
import { adHocType, builtIn, builtInTypes, foundation } from './built-in-types.ts';
import { Catalog } from './catalog.ts';
import { effectiveCatalogOf } from './effective.ts';
import { parseCatalog } from './parse-catalog.ts';

const mistakesOf = (document: unknown, text = ''): FieldError[] => {
  try {
    parseCatalog(document, foundation, { text });
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error).toMatchObject({ status: 422, code: 'invalid_catalog' });
    return error.errors!;
  }
};
const type = (more: object = {}) => ({ types: { lesson: { category: 'activity', channels: ['in_app'], ...more } } });
const reminder = (more: object) => type({ reminders: [{ type: 'welcome', at: 'data.starts_at', ...more }] });

describe('a catalog document is refused', () => {
  it.each<[string, unknown, string, string]>([
    ['that is no object', [], '(root)', 'must be an object'],
    ['with a part that does not exist', { typs: {} }, 'typs', 'is not a known field'],
    ['with a part of the wrong kind', { types: [] }, 'types', 'must be an object'],
    ['with a key that is none', { categories: { 'Two Words': {} } }, 'categories.Two Words', 'must be 1 to 64 of a-z'],
    ['with a type of no category', { types: { a: { channels: ['sms'] } } }, 'types.a.category', 'is required'],
    [
      'with a category that does not exist',
      type({ category: 'lessons' }),
      'types.lesson.category',
      '"lessons" is not a category; use one of account, activity',
    ],
    [
      'with a channel that does not exist',
      type({ channels: ['fax'] }),
      'types.lesson.channels[0]',
      'must be one of in_app, email, sms',
    ],
    ['with a field that does not exist', type({ chanels: [] }), 'types.lesson.chanels', 'is not a known field'],
    ['with the name of what has no type', { types: { ad_hoc: type().types.lesson } }, 'types.ad_hoc', 'choose another'],
    [
      'with an event type that is none',
      type({ on: 'lesson scheduled' }),
      'types.lesson.on',
      'must be 1 to 128 letters',
    ],
    ['with a condition that is none', type({ when: 'data.a = 1' }), 'types.lesson.when', '(at character 8)'],
    ['with addressees that are none', type({ to: 'data.a |' }), 'types.lesson.to', 'lacks a filter'],
    ['with an audience that is none', type({ to: { group: 'x' } }), 'types.lesson.to', '{"role": "…"}'],
    [
      'with a schema that is misspelt',
      type({ schema: { properties: { a: { typ: 'string' } } } }),
      'types.lesson.schema.properties.a.typ',
      'is not a keyword',
    ],
    [
      'with the words of a type that does not exist',
      type({ template: 'lesons' }),
      'types.lesson.template',
      '"lesons" is not a notification type',
    ],
    [
      'with words in no language',
      type({ templates: { english_gb: {} } }),
      'types.lesson.templates.english_gb',
      'is not a language',
    ],
    [
      'with words for no channel',
      type({ templates: { en: { fax: {} } } }),
      'types.lesson.templates.en.fax',
      'use in_app, email, sms',
    ],
    [
      'with words of the wrong kind',
      type({ templates: { en: { sms: 'Hi' } } }),
      'types.lesson.templates.en.sms',
      'must be an object',
    ],
    [
      'with a throttle over no time',
      type({ throttle: { max: 1, per: 'PT0S' } }),
      'types.lesson.throttle.per',
      'must be longer',
    ],
    [
      'with a throttle over ages',
      type({ throttle: { max: 1, per: '9999d' } }),
      'types.lesson.throttle.per',
      'ten years',
    ],
    [
      'with a throttle over something else',
      type({ throttle: { max: 1, per: 'soon' } }),
      'types.lesson.throttle.per',
      'such as PT1H',
    ],
    [
      'with a batch by nothing',
      type({ batch: { key: 'dat.x', window: '1h' } }),
      'types.lesson.batch.key',
      'there is no dat',
    ],
    [
      'with a batch over no time',
      type({ batch: { key: 'data.x', window: 'P0D' } }),
      'types.lesson.batch.window',
      'must be longer',
    ],
    [
      'with a sliding batch of the inbox',
      type({ batch: { key: 'data.x', window: '10m', mode: 'sliding' } }),
      'types.lesson.batch.mode',
      'name them in batch.channels',
    ],
    [
      'with messages that wait for days',
      type({ batch: { key: 'data.x', window: '2d', channels: ['email'] } }),
      'types.lesson.batch.window',
      'must not be longer than a day where messages wait',
    ],
    [
      'with a longest wait of a fixed batch',
      type({ batch: { key: 'data.x', window: '10m', max_wait: '1h', channels: ['email'] } }),
      'types.lesson.batch.max_wait',
      'goes with mode: sliding',
    ],
    [
      'with a longest wait that is too short',
      type({ batch: { key: 'data.x', window: '10m', max_wait: '5m', mode: 'sliding', channels: ['email'] } }),
      'types.lesson.batch.max_wait',
      'must not be shorter than window',
    ],
    ['with a digest of nothing known', type({ digest: { scope: 'tenant' } }), 'types.lesson.digest.scope', 'all'],
    [
      'with a reminder by no type',
      reminder({ type: 'nudge' }),
      'types.lesson.reminders[0].type',
      '"nudge" is not a notification type',
    ],
    [
      'with a reminder at no time',
      reminder({ at: 'starts_at' }),
      'types.lesson.reminders[0].at',
      'there is no starts_at',
    ],
    [
      'with a reminder offset by nonsense',
      reminder({ offset: '-P1X' }),
      'types.lesson.reminders[0].offset',
      'is not an ISO 8601 duration such as -PT24H',
    ],
    ['with a reminder for ever', reminder({ every: 'PT0S' }), 'types.lesson.reminders[0].every', 'must be longer'],
    [
      'with a reminder that matches nothing',
      reminder({ match: '' }),
      'types.lesson.reminders[0].match',
      'must not be empty',
    ],
    ['with a source of no exchange', { sources: { s: { exchange: '' } } }, 'sources.s.exchange', 'must not be empty'],
    [
      'with a source whose condition is none',
      { sources: { s: { exchange: 'x', when: 'data.a' } } },
      'sources.s.when',
      'there are body, routing_key, headers',
    ],
    [
      'with a source whose map is none',
      { sources: { s: { exchange: 'x', map: { type: 'body.' } } } },
      'sources.s.map.type',
      'lacks a name',
    ],
    [
      'with defaults for no type',
      { defaults: { types: { lesons: {} } } },
      'defaults.types.lesons',
      'is not a notification type',
    ],
    [
      'with defaults for no category',
      { defaults: { categories: { bills: {} } } },
      'defaults.categories.bills',
      'is not a category',
    ],
    [
      'with quiet hours in no zone',
      { defaults: { quiet_hours: { start: '22:00', end: '07:00', time_zone: 'Mars/Olympus' } } },
      'defaults.quiet_hours.time_zone',
      'is not an IANA time zone',
    ],
    ['with characters that cannot be stored', type({ description: 'a\0b' }), 'types.lesson.description', 'NUL'],
    ['with broken characters', { categories: { a: { name: '\ud800' } } }, 'categories.a.name', 'broken'],
  ])('%s', (_, document, path, message) => {
    expect(mistakesOf(document)).toContainEqual({ path, message: expect.stringContaining(message) });
  });

  it('when it or its text is larger than a megabyte, or deeper than any sense', () => {
    const large = 'x'.repeat(1024 * 1024 + 1);
    expect(mistakesOf({}, large)).toEqual([{ path: '(root)', message: 'is larger than 1 MB' }]);
    expect(mistakesOf({ large })).toEqual([{ path: '(root)', message: 'is larger than 1 MB' }]);
    let deep: object = {};
    for (let level = 0; level < 50_000; level += 1) deep = { deep };
    expect(mistakesOf(deep)).toEqual([{ path: '(root)', message: 'is nested deeper than 64 levels' }]);
  });

  it('with all its mistakes at once, also those in the right parts of something wrong', () => {
    const document = {
      nonsense: true,
      types: {
        one: { category: 'nope', channels: [], when: 'data.a =', schema: { requird: [] }, colour: 'red' },
        two: { channels: ['sms'], to: 'guardian' },
      },
      sources: { s: { exchange: 5, when: 'data.a' } },
      defaults: { frequency: 'often', categories: { bills: {} } },
    };
    expect(
      mistakesOf(document)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([
      'defaults.categories.bills',
      'defaults.frequency',
      'nonsense',
      'sources.s.exchange',
      'sources.s.when',
      'types.one.category',
      'types.one.channels',
      'types.one.colour',
      'types.one.schema.requird',
      'types.one.when',
      'types.two.category',
      'types.two.to',
    ]);
  });

  it('or taken, but never anything else, whatever JSON it is', () => {
    const known = fc.constantFrom(
      'types',
      'categories',
      'sources',
      'defaults',
      'welcome',
      'a',
      'category',
      'channels',
      'schema',
    );
    const others = fc.constantFrom(
      'when',
      'to',
      'on',
      'templates',
      'en',
      'map',
      'exchange',
      'throttle',
      'reminders',
      '__proto__',
    );
    const value = fc.oneof(fc.constantFrom<unknown>('activity', ['in_app'], 'data.a', 'P1D', '#'), fc.jsonValue());
    const { document } = fc.letrec((tie) => ({
      document: fc.oneof({ maxDepth: 5, withCrossShrink: true }, value, tie('node')),
      node: fc.dictionary(fc.oneof(known, others, fc.string()), tie('document'), { maxKeys: 6 }),
    }));
    fc.assert(
      fc.property(document, (document) => expect(Array.isArray(mistakesOf(document))).toBe(true)),
      { numRuns: 1_000 },
    );
  });
});

describe('a catalog document', () => {
  const catalogOf = (document: CatalogDocument, version = 1) => Catalog.of(version, parseCatalog(document, foundation));
  const { lesson } = type().types;

  it('is laid over the built-in one: it adds types, replaces those of the same key and switches others off', () => {
    const catalog = catalogOf({
      categories: { lessons: {} },
      types: {
        lesson: { category: 'lessons', channels: ['in_app', 'email'], on: ['lesson.scheduled', 'user.registered'] },
        invoice_issued: { category: 'billing', channels: ['sms'], priority: 'high', template: 'lesson' },
        new_feature: { category: 'system', channels: ['in_app'], enabled: false },
      },
      defaults: { frequency: 'daily' },
    });
    expect(catalog.types.size).toBe(builtInTypes.length);
    expect(catalog.types.get('invoice_issued')).toMatchObject({
      channels: ['sms'],
      priority: 'high',
      origin: 'tenant',
      template: 'lesson',
      on: [],
    });
    expect(catalog.types.get('welcome')).toMatchObject({ origin: 'system' });
    expect(catalog.has('new_feature')).toBe(false);
    expect(catalog.meant('user.registered').map(({ key }) => key)).toEqual(['welcome', 'lesson']);
    expect(catalog.meant('lesson').map(({ key }) => key)).toEqual(['lesson']);
    expect(() => catalog.meant('invoice.issued')).toThrow('"invoice.issued" is not in the catalog');
    expect(() => catalog.meant('feature.released')).toThrow('is not in the catalog');
    expect(catalog.meant(undefined)).toEqual([adHocType]);
    expect(catalog.categories).toEqual(new Set([...foundation.categories, 'lessons']));
    expect(catalog.defaults).toEqual({ frequency: 'daily' });
  });

  it('may refer to its own parts and to built-in ones, wherever they stand', () => {
    expect(
      mistakesOf({
        defaults: { types: { later: { email: false }, welcome: { sms: true } }, categories: { own: {}, billing: {} } },
        types: { first: { ...lesson, template: 'later' }, later: { ...lesson, category: 'own', template: 'welcome' } },
        categories: { own: {} },
      }),
    ).toEqual([]);
  });

  it('becomes types that decide with their expressions and schema', () => {
    const catalog = catalogOf({
      types: {
        lesson: {
          category: 'activity',
          channels: ['in_app'],
          when: 'data.amount > 10',
          to: { tag: 'piano' },
          schema: { required: ['amount'] },
          throttle: { max: 3, per: 'PT1H30M' },
          frequency: 'weekly',
        },
      },
    });
    const { when, to, check, throttle, frequency } = catalog.types.get('lesson')!;
    const scope = { event: { id: '1', source: '/s', type: 'x' }, data: { amount: 11 } };
    expect(when!.holds(scope)).toBe(true);
    expect(to!.of(scope)).toEqual({ tag: 'piano' });
    expect(check!({})).toEqual([{ path: 'data.amount', message: 'is missing' }]);
    expect(throttle).toEqual({ max: 3, windowMs: 5_400_000 });
    expect(frequency).toBe('weekly');
  });

  it('is shown with everything filled in that it left out', () => {
    const { types, categories } = effectiveCatalogOf(
      3,
      builtIn.document,
      parseCatalog({ ...type({ on: 'lesson.scheduled' }), categories: { billing: { name: 'Fees' } } }, foundation)
        .document,
    );
    expect(types.find(({ key }) => key === 'lesson')).toEqual({
      key: 'lesson',
      origin: 'tenant',
      category: 'activity',
      description: null,
      enabled: true,
      channels: ['in_app'],
      priority: 'normal',
      mandatory: false,
      on: ['lesson.scheduled'],
      when: null,
      to: null,
      schema: null,
      frequency: 'immediate',
      throttle: null,
      template: 'lesson',
      batch: null,
      digest: null,
      reminders: [],
    });
    expect(types.map(({ key }) => key)).toEqual([...types.map(({ key }) => key)].sort());
    expect(categories.find(({ key }) => key === 'billing')).toEqual({
      key: 'billing',
      origin: 'tenant',
      name: 'Fees',
      description: null,
      tracking: { opens: true, clicks: true },
    });
  });
});

describe('the built-in catalog', () => {
  it('has every category a name', () => {
    expect(effectiveCatalogOf(0, builtIn.document, {}).categories.filter(({ key, name }) => key === name)).toEqual([]);
  });

  it('has codes that nobody can switch off and nobody else can see', () => {
    const codes = builtInTypes.filter(({ check }) => check?.({}).some(({ path }) => path === 'data.code'));
    expect(codes.map(({ key }) => key)).toEqual(['email_verification', 'password_reset']);
    for (const { priority, mandatory, channels } of codes) {
      expect({ priority, mandatory }).toEqual({ priority: 'urgent', mandatory: true });
      expect(channels).not.toContain('in_app');
    }
  });

  it('triggers each type by an event of its own, except digests and the test message, which nothing happens for', () => {
    const events = builtInTypes.flatMap(({ on }) => on);
    expect(new Set(events).size).toBe(builtInTypes.length - 2);
    expect(builtInTypes.filter(({ on }) => on.length === 0).map(({ key }) => key)).toEqual(['digest', 'test_message']);
  });
});
