import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DataSchemas } from './data-schema.ts';

const mistakesOf = (schema: object): string[] => {
  const mistakes: string[] = [];
  const check = new DataSchemas().compile(schema, (path, message) => mistakes.push(`${path.join('.')}: ${message}`));
  expect(check === undefined).toBe(mistakes.length > 0);
  return mistakes;
};
const checkWith = (schema: object) => {
  expect(mistakesOf(schema)).toEqual([]);
  return new DataSchemas().compile(schema, () => undefined)!;
};

describe('a schema of data is refused', () => {
  it.each<[string, object, string]>([
    ['a keyword that is misspelt', { requird: ['a'] }, 'requird: is not a keyword of JSON Schema'],
    [
      'such a one deep inside',
      { properties: { a: { items: { minimun: 1 } } } },
      'properties.a.items.minimun: is not a',
    ],
    [
      'a type that does not exist',
      { properties: { a: { type: 'strng' } } },
      'properties.a.type: must be array, boolean',
    ],
    ['a keyword with the wrong value', { properties: { a: { minimum: '3' } } }, 'properties.a.minimum: must be number'],
    ['required as draft 3 had it', { properties: { a: { required: true } } }, 'properties.a.required: must be array'],
    [
      'another draft',
      { $schema: 'http://json-schema.org/draft-07/schema#' },
      '$schema: must be https://json-schema.org/draft/2020-12',
    ],
    ['data that are no object', { type: 'array' }, 'type: must be object'],
    [
      'a format that is unknown',
      { properties: { a: { format: 'phone' } } },
      'properties.a.format: is not a format that is checked; use one of date,',
    ],
    [
      'a reference to elsewhere',
      { $ref: 'https://example.org/schema.json' },
      '$ref: must name a part of the same schema',
    ],
    [
      'a reference to nothing',
      { properties: { a: { $ref: '#/$defs/a' } } },
      'properties.a.$ref: must name a part of the same schema',
    ],
    ['a circle', { properties: { a: { $ref: '#' } } }, 'properties.a.$ref: refers to itself'],
    [
      'a circle through a definition',
      { $ref: '#/$defs/a', $defs: { a: { items: { $ref: '#/$defs/a' } } } },
      'refers to itself',
    ],
    [
      'a lookahead, which takes an engine that can be held up',
      { properties: { a: { pattern: '(?=x)' } } },
      'properties.a.pattern: is no regular expression that can be used',
    ],
    ['a pattern that is none', { patternProperties: { '(': {} } }, 'patternProperties.(: is no regular expression'],
    [
      'a pattern that repeats too often',
      { properties: { a: { pattern: '(a?){999}(a?){999}(a?){999}' } } },
      'properties.a.pattern: is too large',
    ],
    ['a keyword without the one it goes with', { then: {} }, '"then" without "if" is ignored'],
    ['a schema larger than 64 KB', { description: 'x'.repeat(70_000) }, ': is larger than 64 KB'],
  ])('for %s', (_, schema, mistake) => {
    expect(mistakesOf(schema)).toContainEqual(expect.stringContaining(mistake));
  });

  it('for definitions that multiply each other', () => {
    const twice = (name: string) => ({ allOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
    const $defs = Object.fromEntries(Array.from({ length: 40 }, (_, level) => [`d${level}`, twice(`d${level + 1}`)]));
    expect(mistakesOf({ $ref: '#/$defs/d0', $defs: { ...$defs, d40: {} } })).toEqual([
      ': means more than 1000 checks of the same data; make it smaller',
    ]);
  });

  it('for being one too many, where a document has many large ones', () => {
    const schemas = new DataSchemas();
    const large = { properties: Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`p${index}`, {}])) };
    const mistakes: string[] = [];
    for (let type = 0; type < 23; type += 1) schemas.compile(large, (_, message) => mistakes.push(message));
    expect(mistakes).toEqual([expect.stringContaining('with those before it, more than 20000 checks')]);
  });

  it('with all its mistakes at once', () => {
    const schema = { requird: [], properties: { a: { type: 'strng' }, b: { format: 'phone', pattern: '[' } } };
    expect(mistakesOf(schema).map((mistake) => mistake.split(':')[0])).toEqual([
      'requird',
      'properties.b.format',
      'properties.b.pattern',
      'properties.a.type',
    ]);
  });

  it('or compiles, whatever JSON it is', () => {
    const schemas = new DataSchemas();
    const keyword = fc.constantFrom(
      'type',
      'properties',
      'items',
      '$ref',
      '$defs',
      'allOf',
      'pattern',
      'enum',
      'if',
      'a',
      '',
    );
    const value = fc.oneof(
      fc.constantFrom<unknown>('object', '#', '#/$defs/a', '^(a+)+$', {}, [], true),
      fc.jsonValue(),
    );
    const { schema } = fc.letrec<{ schema: object }>((tie) => ({
      schema: fc.dictionary(
        keyword,
        fc.oneof({ maxDepth: 4 }, value, tie('schema'), fc.array(tie('schema'), { maxLength: 2 })),
      ),
    }));
    fc.assert(
      fc.property(schema, fc.dictionary(fc.string(), fc.jsonValue()), (schema, data) => {
        const check = schemas.compile(schema, () => undefined);
        expect(Array.isArray(check?.(data) ?? [])).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('data are checked', () => {
  const check = checkWith({
    type: 'object',
    required: ['amount', 'due_date'],
    properties: {
      amount: { type: 'number', minimum: 1 },
      due_date: { type: 'string', format: 'date' },
      currency: { enum: ['KES', 'EUR'] },
      code: { pattern: '^[A-Z]{2}\\d+$' },
      lines: { type: 'array', items: { type: 'object', required: ['id'] }, uniqueItems: true },
      kind: { const: 'school' },
      more: { type: 'object', additionalProperties: false, propertyNames: { maxLength: 3 } },
      either: { oneOf: [{ type: 'string' }, { type: 'number' }] },
      never: false,
    },
    dependentRequired: { currency: ['amount'] },
    if: { required: ['code'] },
    then: { required: ['kind'] },
  });
  const right = { amount: 5, due_date: '2026-12-01' };

  it('and fit', () => {
    expect(check({ ...right, currency: 'KES', lines: [{ id: 1 }, { id: 2 }], other: null })).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['a member that is missing', { amount: 5 }, 'data.due_date', 'is missing'],
    ['one of the wrong type', { ...right, amount: '5' }, 'data.amount', 'must be number, but is string'],
    ['one that is too small', { ...right, amount: 0 }, 'data.amount', 'must be >= 1'],
    [
      'a day that does not exist',
      { ...right, due_date: '2026-02-30' },
      'data.due_date',
      'must be a date such as 2026-12-01',
    ],
    ['none of the values', { ...right, currency: 'USD' }, 'data.currency', 'must be one of "KES", "EUR"'],
    ['not the value', { ...right, kind: 'shop' }, 'data.kind', 'must be "school"'],
    [
      'what the pattern excludes',
      { ...right, kind: 'school', code: 'x1' },
      'data.code',
      'must match pattern "^[A-Z]{2}\\d+$"',
    ],
    ['what another member asks for', { ...right, code: 'AB1' }, 'data.kind', 'is missing'],
    ['an item', { ...right, lines: [{ id: 1 }, {}] }, 'data.lines[1].id', 'is missing'],
    [
      'an item twice',
      {
        ...right,
        lines: [
          { id: 1, x: 2 },
          { x: 2, id: 1 },
        ],
      },
      'data.lines',
      'must not hold the same item twice',
    ],
    ['a member that is not known', { ...right, more: { a: 1 } }, 'data.more.a', 'is not a known field; remove it'],
    ['no alternative', { ...right, either: null }, 'data.either', 'must fit exactly one of the alternatives'],
    ['what must not be', { ...right, never: 1 }, 'data.never', 'is excluded by the schema'],
  ])('and are named by path: %s', (_, data, path, message) => {
    expect(check(data)).toContainEqual({ path, message: expect.stringContaining(message) });
  });

  it('without showing their values', () => {
    const secret = 'amina@example.org';
    const errors = check({
      amount: secret,
      due_date: secret,
      currency: secret,
      code: secret,
      kind: secret,
      lines: secret,
    });
    expect(errors.length).toBeGreaterThan(5);
    expect(JSON.stringify(errors)).not.toContain(secret);
  });

  it('with twenty mistakes at most, and how many more there are', () => {
    const errors = check({ ...right, lines: Array.from({ length: 100 }, () => ({})) });
    expect(errors).toHaveLength(21);
    expect(errors.at(-1)).toEqual({ path: 'data', message: expect.stringMatching(/^has 8\d more mistakes$/) });
  });

  it('in a time that is linear, whatever the pattern and the data', () => {
    const slow = checkWith({
      properties: { a: { pattern: '^(a+)+$' }, list: { type: 'array', uniqueItems: true } },
    });
    const began = performance.now();
    const list = Array.from({ length: 50_000 }, (_, id) => ({ id }));
    expect(slow({ a: `${'a'.repeat(4_000)}!`, list }).map(({ path }) => path)).toEqual(['data.a']);
    // Node's own engine takes longer than the universe for the pattern; comparing each item with every other takes minutes.
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('even where a member is named like what every object has', () => {
    const odd = checkWith({ required: ['toString'], properties: { a: { enum: [{ valueOf: 1 }] } } });
    expect(odd({ a: { valueOf: 1 } }).map(({ path }) => path)).toEqual(['data']);
    expect(odd({}).map(({ path }) => path)).toEqual(['data.toString']);
  });

  it('by patterns that do not know of each other', () => {
    const two = checkWith({ properties: { a: { pattern: '^a' }, b: { pattern: '^b' } } });
    expect(two({ a: 'a', b: 'b' })).toEqual([]);
    expect(two({ a: 'b', b: 'a' }).map(({ path }) => path)).toEqual(['data.a', 'data.b']);
  });
});
