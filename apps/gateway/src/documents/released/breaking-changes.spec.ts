import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asyncApiChanges, openApiChanges } from './breaking-changes.ts';
import { generatedDocuments } from './generated-documents.ts';
import { pointed, schemaChanges, type Flow, type Json } from './schema-changes.ts';

const copy = <Part>(part: Part): Part => JSON.parse(JSON.stringify(part)) as Part;
const generated = copy(generatedDocuments()) as { openapi: Json; asyncapi: Json };

/** A change of one route or schema. It tells whether there was anything to change. */
type Change<Part> = (part: Part) => unknown;

describe('a schema', () => {
  const object = (properties: Json, more: Json = {}) => ({ type: 'object', properties, ...more });
  const changes = (released: unknown, current: unknown, flow: Flow) =>
    schemaChanges({ schema: released, document: {} }, { schema: current, document: {} }, flow, 'body');
  const text = { type: 'string' };
  const nullable = { anyOf: [text, { type: 'null' }] };

  it.each<[string, unknown, unknown, string[]]>([
    ['a new required field', object({}), object({ a: text }, { required: ['a'] }), ['body.a: is required now']],
    [
      'a field that becomes required',
      object({ a: text }),
      object({ a: text }, { required: ['a'] }),
      ['body.a: is required now'],
    ],
    [
      'a field that is refused',
      object({ a: text }),
      object({}, { additionalProperties: false }),
      ['body.a: is no longer taken', 'body: other fields are no longer taken'],
    ],
    [
      'another type',
      object({ a: { type: 'number' } }),
      object({ a: { type: 'integer' } }),
      ['body.a: was number, takes only integer'],
    ],
    ['null that is refused', nullable, text, ['body: the value null is no longer taken']],
    ['a value that is refused', { enum: ['a', 'b'] }, { enum: ['b'] }, ['body: the value "a" is no longer taken']],
    ['a list of values', text, { enum: ['b'] }, ['body: only certain values are taken now']],
    ['a lower upper limit', { ...text, maxLength: 9 }, { ...text, maxLength: 8 }, ['body: maxLength was 9, is 8']],
    ['a new pattern', text, { ...text, pattern: '^a' }, ['body: pattern was not said, is "^a"']],
    [
      'items',
      { type: 'array', items: { type: 'number' } },
      { type: 'array', items: { type: 'integer' } },
      ['body[]: was number, takes only integer'],
    ],
    [
      'a record',
      { type: 'object', additionalProperties: { type: 'number' } },
      { type: 'object', additionalProperties: { type: 'integer' } },
      ['body.*: was number, takes only integer'],
    ],
  ])('is narrower for %s', (_, released, current, expected) => {
    expect(changes(released, current, 'taken')).toEqual(expected);
    expect(changes(current, released, 'taken')).toEqual([]);
  });

  it.each<[string, unknown, unknown, string[]]>([
    ['a field that is gone', object({ a: text }), object({}), ['body.a: is no longer given']],
    [
      'a field that may be missing',
      object({ a: text }, { required: ['a'] }),
      object({ a: text }),
      ['body.a: may be missing now'],
    ],
    [
      'another type',
      object({ a: { type: 'integer' } }),
      object({ a: { type: 'number' } }),
      ['body.a: was integer, may be number'],
    ],
    ['null', text, nullable, ['body: the value null was not said before']],
    ['null as a type', text, { type: ['string', 'null'] }, ['body: the value null was not said before']],
    ['a new value', { enum: ['a'] }, { enum: ['a', 'b'] }, ['body: the value "b" was not said before']],
    ['any value', { enum: ['a'] }, text, ['body: may be any value now']],
    ['another format', { ...text, format: 'uuid' }, text, ['body: format was "uuid", is not said']],
  ])('is wider for %s', (_, released, current, expected) => {
    expect(changes(released, current, 'given')).toEqual(expected);
  });

  it('may have more members, and looser limits in what is given', () => {
    const before = object({ a: { ...text, maxLength: 9 } }, { additionalProperties: false });
    const after = object({ a: { ...text, maxLength: 10 }, b: text }, { required: ['b'], additionalProperties: false });
    expect(changes(before, after, 'given')).toEqual([]);
  });

  it('names what is wrong within the alternative that was meant', () => {
    const way = (kind: string, more: Json) =>
      object({ kind: { const: kind }, ...more }, { required: ['kind', ...Object.keys(more)] });
    const before = { oneOf: [way('one', { a: text }), way('two', { b: text, c: text })] };
    const after = { oneOf: [way('one', { a: text }), way('two', { b: text, c: { type: 'integer' } })] };
    expect(changes(before, after, 'given')).toEqual(['body.c: was string, may be integer']);
    expect(changes(before, { oneOf: [...before.oneOf, way('three', {})] }, 'taken')).toEqual([]);
  });

  it('may refer to itself', () => {
    const tree = (leaf: Json) => ({ tree: object({ leaf, branches: { type: 'array', items: { $ref: '#/tree' } } }) });
    const [released, current] = [tree(text), tree({ type: 'integer' })];
    const root = { $ref: '#/tree' };
    const beside = (document: Json) =>
      schemaChanges({ schema: root, document: released }, { schema: root, document }, 'taken', 'body');
    expect(beside(copy(released))).toEqual([]);
    expect(beside(current)).toEqual(['body.leaf: was string, takes only integer']);
  });
});

describe('the documents of this gateway', () => {
  it('break nobody beside themselves', () => {
    expect(openApiChanges(generated.openapi, copy(generated.openapi))).toEqual([]);
    expect(asyncApiChanges(generated.asyncapi, copy(generated.asyncapi))).toEqual([]);
  });

  const routes = Object.entries(generated.openapi.paths as Record<string, Json>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ path, method })),
  );

  /** The document with one of its routes only. */
  const only = ({ path, method }: (typeof routes)[number]): Json => ({
    ...generated.openapi,
    webhooks: {},
    paths: { [path]: { [method]: generated.openapi.paths[path][method] } },
  });

  const operationOf = (document: Json): Json => Object.values<Json>(Object.values<Json>(document.paths)[0]!)[0] as Json;

  /** Objects that stand for themselves, not as one of several alternatives. */
  function objectsIn(document: Json, schema: Json | undefined, seen = new Set<Json>()): Json[] {
    const { $ref } = schema ?? {};
    const target = ($ref ? pointed(document, $ref as string) : schema) as Json | undefined;
    if (!target || seen.has(target)) return [];
    seen.add(target);
    const below = [...Object.values((target.properties ?? {}) as Json), target.items] as (Json | undefined)[];
    return [
      ...(target.type === 'object' && target.properties ? [target] : []),
      ...below.flatMap((part) => objectsIn(document, part, seen)),
    ];
  }

  const bodyOf = (operation: Json): Json | undefined => operation.requestBody?.content['application/json']?.schema;
  const successOf = (operation: Json) => Object.keys(operation.responses as Json).find((status) => status < '400')!;
  const answerOf = (operation: Json): Json | undefined =>
    operation.responses[successOf(operation)].content?.['application/json']?.schema;

  /** Carried out on the first that it fits; false if it fits none. */
  const inAny = (schemaOf: (operation: Json) => Json | undefined, change: Change<Json>) => (document: Json) =>
    objectsIn(document, schemaOf(operationOf(document))).some(change);

  const field =
    (change: (object: Json, name: string) => unknown): Change<Json> =>
    (object) =>
      Object.keys(object.properties as Json).some((name) => change(object, name));
  const valued = (change: (values: unknown[]) => unknown): Change<Json> =>
    field(({ properties }, name) => Array.isArray(properties[name].enum) && change(properties[name].enum as unknown[]));
  const drop = (object: Json, name: string) => delete object[name];
  const add = (list: unknown[], item: unknown) => list.push(item);
  const another = { type: 'object', required: ['colour'], properties: { colour: { const: 'red' } } };

  const breaking: Record<string, Change<Json>> = {
    'a route that is gone': (document) => (document.paths = {}),
    'a success that is gone': (document) => {
      const { responses } = operationOf(document);
      return drop(responses as Json, successOf(operationOf(document)));
    },
    'a parameter that is gone': (document) => operationOf(document).parameters?.pop(),
    'a parameter that is required': (document) =>
      operationOf(document).parameters?.some((one: Json) => !one.required && (one.required = true)),
    'a new required parameter': (document) =>
      add((operationOf(document).parameters ??= []) as unknown[], {
        in: 'query',
        name: 'colour',
        required: true,
        schema: {},
      }),
    'a credential that is not taken': (document) => {
      const { security } = operationOf(document);
      return security.length > 0 && (operationOf(document).security = [{ nobody: [] }]);
    },
    'a required field of the body': inAny(bodyOf, (object) => add((object.required ??= []) as unknown[], 'colour')),
    'a field that is refused': inAny(
      bodyOf,
      field(
        ({ properties, additionalProperties }, name) =>
          additionalProperties === false && drop(properties as Json, name),
      ),
    ),
    'a field of another type': inAny(
      bodyOf,
      field(({ properties }, name) => (properties[name] = another)),
    ),
    'a value that is refused': inAny(
      bodyOf,
      valued((values) => values.length > 1 && values.shift()),
    ),
    'an answer without a field': inAny(
      answerOf,
      field(({ properties }, name) => drop(properties as Json, name)),
    ),
    'an answer that may lack a field': inAny(answerOf, ({ required }) => required?.pop() as unknown),
    'an answer with a field of another type': inAny(
      answerOf,
      field(({ properties }, name) => JSON.stringify(properties[name]) !== '{}' && (properties[name] = another)),
    ),
    'an answer with null': inAny(
      answerOf,
      field(
        ({ properties }, name) =>
          properties[name].type === 'string' && (properties[name] = { anyOf: [properties[name], { type: 'null' }] }),
      ),
    ),
    'an answer with a new value': inAny(
      answerOf,
      valued((values) => add(values, 'colour')),
    ),
  };

  const harmless: Record<string, Change<Json>> = {
    'a new route': (document) => (document.paths['/v1/colours'] = { get: operationOf(document) }),
    'a new optional parameter': (document) =>
      add((operationOf(document).parameters ??= []) as unknown[], {
        in: 'query',
        name: 'colour',
        required: false,
        schema: {},
      }),
    'a new field of the body': inAny(bodyOf, ({ properties }) => (properties.colour = { type: 'string' })),
    'a new field of the answer': inAny(answerOf, ({ properties }) => (properties.colour = { type: 'string' })),
    'another problem': (document) => (operationOf(document).responses['418'] = { description: 'A teapot.' }),
  };

  /** Of schemas that may also be those of answers, where the same would break somebody. */
  const harmlessToSenders: Record<string, Change<Json>> = {
    'a field that need not be sent': inAny(bodyOf, ({ required }) => required?.pop() as unknown),
    'a new value that is taken': inAny(
      bodyOf,
      valued((values) => add(values, 'colour')),
    ),
  };

  const changed = (route: (typeof routes)[number], change: Change<Json>, answers = true) => {
    const released = copy(only(route));
    if (!answers) operationOf(released).responses = { 200: {} };
    const current = copy(released);
    fc.pre(Boolean(change(current)));
    return openApiChanges(released, current);
  };

  it.each(Object.entries(breaking))('%s breaks somebody, on every route', (_, change) => {
    fc.assert(
      fc.property(fc.constantFrom(...routes), (route) => {
        expect(changed(route, change)).not.toEqual([]);
      }),
      { numRuns: 15, maxSkipsPerRun: 200 },
    );
  });

  it.each([...Object.entries(harmless), ...Object.entries(harmlessToSenders)])(
    '%s breaks nobody, on any route',
    (what, change) => {
      fc.assert(
        fc.property(fc.constantFrom(...routes), (route) => {
          expect(changed(route, change, what in harmless)).toEqual([]);
        }),
        { numRuns: 15, maxSkipsPerRun: 200 },
      );
    },
  );

  it('tell of a member of a webhook that is gone', () => {
    const current = copy(generated.openapi);
    const [kind, { post }] = Object.entries(current.webhooks as Record<string, Json>)[0]!;
    delete post.requestBody.content['application/json'].schema.properties.timestamp;
    const name = `webhook ${kind} body.timestamp: is no longer given`;
    expect(openApiChanges(generated.openapi, current)).toEqual([name]);
  });

  const channels = Object.entries(generated.asyncapi.channels as Record<string, Json>);
  const received = Object.keys(generated.asyncapi.operations as Json).filter((name) => name.startsWith('receive.'));

  it.each<[string, Change<Json>, (id: string) => string]>([
    ['a channel that is gone', (current) => current, (id) => `${id}: is gone`],
    ['another routing key', (current) => (current.address += '.v2'), (id) => `${id}: the address was`],
    [
      'another exchange',
      (current) => (current.bindings.amqp.exchange.name = 'other'),
      (id) => `${id}: the exchange was`,
    ],
    ['a message that is gone', (current) => (current.messages = {}), (id) => `${id} `],
    [
      'another payload',
      (current) => Object.values<Json>(current.messages).map((message) => (message.payload = { type: 'string' })),
      (id) => `${id} `,
    ],
  ])('tell of %s, for every channel', (what, change, begins) => {
    fc.assert(
      fc.property(fc.constantFrom(...channels), ([id]) => {
        const released = {
          ...generated.asyncapi,
          channels: { [id]: generated.asyncapi.channels[id] as Json },
          operations: {} as Json,
        };
        for (const [name, operation] of Object.entries(generated.asyncapi.operations as Record<string, Json>))
          if (operation.channel.$ref === `#/channels/${id}`) released.operations[name] = operation;
        const current = copy(released);
        change(current.channels[id]!);
        if (what.startsWith('a channel')) delete current.channels[id];
        expect(asyncApiChanges(released, current)).toContainEqual(expect.stringContaining(begins(id)));
      }),
      { numRuns: 15 },
    );
  });

  it('tell of what is no longer received', () => {
    const current = copy(generated.asyncapi);
    delete current.operations[received[0]!];
    expect(asyncApiChanges(generated.asyncapi, current)).toEqual([
      `${received[0]!}: Carillon does not receive it any more`,
    ]);
  });
});
