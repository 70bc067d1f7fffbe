import fc from 'fast-check';

/** One route of the OpenAPI document. */
export interface Operation {
  method: string;
  path: string;
  /** As the document has it. */
  operation: any;
}

export interface HostileRequest {
  /** Path and query, percent-encoded. */
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
  /** It has its proper credential, so that it gets behind the guard. */
  authorized: boolean;
}

type Place = (string | number)[];

/** Stands for a number that JSON can write and JavaScript cannot hold; `JSON.stringify` would make it `null`. */
const tooLarge = 'too-large-for-a-double';

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const long = 'x'.repeat(70_000);

/** Texts that something between the router and the database has been known to stumble over somewhere. */
const texts = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'a\udc00b',
  '\u202e\u200b\ufeff',
  '👩‍👩‍👧‍👦'.repeat(20),
  'e\u0301'.repeat(300),
  'ﷺ'.repeat(50),
  'İ',
  long,
  'x\r\nX-Injected: 1',
  'a@example.org\r\nBcc: b@example.org',
  '../../etc/passwd',
  "'; DROP TABLE x; --",
  '%_\\',
  '$1',
  '{{{',
  '[[#a]][[/b]]',
  '[[a.b.c | nothing]]',
  '<script>',
  '__proto__',
  'constructor',
  'toString',
  '(a+)+$',
  'NaN',
  'Infinity',
  '-0',
  '1e400',
  '0x10',
  '9223372036854775808',
  '-9223372036854775809',
  '2147483648',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '0000-01-01T00:00:00Z',
  '-000001-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '2026-02-30T00:00:00Z',
  '2026-11-21T25:61:61Z',
  '2026-11-21T00:00:00+99:99',
  '0001-01-01T00:00:00+23:59',
  'Mars/Phobos',
  'en-x-' + 'a-'.repeat(100),
  'xx-Qqqq-999',
  '* * * * * *',
  '60 24 32 13 8',
  '0 0 31 2 *',
  'FREQ=SECONDLY;INTERVAL=0',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31',
  'http://127.0.0.1:1/',
  'http://[::ffff:7f00:1]/',
  'http://user:secret@0x7f.1:99999/',
  'javascript:alert(1)',
  'data:,',
  'http://\u0000/',
  '+2547000000001234567890',
  'a@' + 'b'.repeat(260),
];

const values: unknown[] = [
  ...texts,
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  tooLarge,
  [],
  {},
  [null],
  [[]],
  [{}],
  { '': '' },
  { toString: 1, constructor: 1 },
  { $ref: '#' },
  nested(60),
  nested(2_000),
  Array(2_000).fill('amina'),
  Array(2_000).fill(0),
  Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${index}`, index])),
];

/** Bodies that are no JSON, or hardly. */
const junk: Buffer[] = [
  '',
  ' ',
  '{',
  '{"a":1',
  '{"a":1}}',
  'null',
  'true',
  '""',
  '0',
  '1e400',
  '-',
  '[',
  '[]',
  '\ufeff{}',
  '{"a":"\u0000"}',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  '{"a":1,"a":2}',
  '"\\ud800"',
  '{"\\ud800":"\\udc00"}',
  '{"\\u0000":1}',
  '['.repeat(100_000),
  '['.repeat(100_000) + ']'.repeat(100_000),
  '{"a":'.repeat(50_000),
  `[${'0,'.repeat(300_000)}0]`,
  `{"a":${'9'.repeat(100_000)}}`,
  `"${'\\u0000'.repeat(50_000)}"`,
  'a: &a [*a]',
  'a: &a [1,1]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c]\ne: [*d,*d,*d,*d]',
  '!!js/function "x"',
  '- '.repeat(20_000),
  '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--',
  'a=1&a[b]=2&%ff=%00',
].map((text) => Buffer.from(text));
junk.push(
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
  Buffer.from('{"a":1}', 'utf16le'),
);

const contentTypes = [
  'application/json',
  'application/json; charset=utf-16',
  'application/json; charset=',
  'text/plain',
  'application/yaml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=b',
  'multipart/form-data',
  'message/rfc822',
  'application/xml',
  '/',
];

const oddHeaders: [name: string, value: string][] = [
  ['if-match', 'W/"\xff"'],
  ['if-match', '"999999999999999999999999"'],
  ['if-match', '*, *'],
  ['if-none-match', '"\xe9"'],
  ['idempotency-key', '\xff\xfe'],
  ['idempotency-key', 'k'.repeat(300)],
  ['idempotency-key', 'the-same-for-all'],
  ['accept', ';;;q=x'],
  ['accept', 'application/yaml'],
  ['accept-language', '*-*-*,'.repeat(200)],
  ['accept-encoding', 'gzip;q=nan'],
  ['traceparent', '00-zz-zz-zz'],
  ['x-forwarded-for', '999.1.1.1, \xff'],
  ['x-forwarded-host', 'evil.example\xff'],
  ['origin', 'null'],
  ['origin', 'http://\xff'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'nonsense'],
  ['range', 'bytes=-1--1'],
  ['x-csrf-token', '\xff'],
  ['cookie', 'carillon_session=%ff%00; =; ;;'],
];

const oddCredentials: Record<string, string>[] = [
  { authorization: 'Bearer' },
  { authorization: 'Bearer \xff\xfe' },
  { authorization: 'Basic OjpcMDA=' },
  { authorization: `Bearer ck_${'A'.repeat(5_000)}` },
  { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' },
  { authorization: 'Bearer e30.e30.e30' },
  { authorization: 'Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Ilx1MDAwMCJ9.eyJ0ZW5hbnQiOiJcdTAwMDAiLCJzdWIiOiIifQ.AA' },
  { cookie: 'carillon_session=__proto__' },
  { cookie: `carillon_session=${'%00'.repeat(20)}` },
];

/** In a path or a query: encoded, with what no text encodes to as well. */
const encoded = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(...texts.map((text) => text.slice(0, 3_000)), '.', 'x'.repeat(2_047)).map(encode),
  },
  { weight: 1, arbitrary: fc.constantFrom('%ff', '%ED%A0%80', '%', '%zz', '%2e%2e%2f', '%00', '*', ';a=b') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map(encode) },
);

/** One in so many times. */
function seldom<T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** Half characters become the bytes that a careless encoder makes of them. */
function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

/**
 * Requests to a route with something wrong in them, most of them close to what it takes: one or two members of the example
 * in the document are replaced, wherever its schema allows for one.
 * @param components of the document
 * @param usual the value of a path parameter that names something
 * @param credential headers with which the route is open
 */
export function hostileRequests(
  { method, path, operation }: Operation,
  components: any,
  usual: (parameter: string) => string,
  credential: Record<string, string>,
): fc.Arbitrary<HostileRequest> {
  const parameters = (operation.parameters ?? []) as { name: string; in: string }[];
  const named = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  const asked = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
  const takesBody = operation.requestBody !== undefined || !['get', 'delete'].includes(method);
  const types = Object.keys(operation.requestBody?.content ?? { 'application/json': {} });

  return fc
    .record({
      ids: fc.tuple(
        ...named.map((name) =>
          fc.oneof(
            { weight: 3, arbitrary: fc.constant(encodeURIComponent(usual(name))) },
            { weight: takesBody ? 1 : 3, arbitrary: encoded },
          ),
        ),
      ),
      query: fc.oneof(
        { weight: takesBody ? 4 : 1, arbitrary: fc.constant('') },
        { weight: 4, arbitrary: queries(asked) },
      ),
      body: takesBody
        ? bodies(operation, components)
        : method === 'delete'
          ? seldom(4, bodies(operation, components))
          : fc.constant(undefined),
      odd: seldom(6, fc.constantFrom(...oddHeaders)),
      contentType: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...types) },
        { weight: 1, arbitrary: fc.constantFrom(...contentTypes) },
      ),
      credential: seldom(15, fc.constantFrom(...oddCredentials)),
    })
    .map(({ ids, query, body, odd, contentType, credential: wrong }) => ({
      path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[named.indexOf(name)] ?? 'x') + query,
      headers: {
        ...(wrong ?? credential),
        ...(body && { 'content-type': contentType }),
        ...(odd && { [odd[0]]: odd[1] }),
      },
      ...(body && { body }),
      authorized: !wrong && !['cookie', 'x-csrf-token', 'origin'].includes(odd?.[0] ?? ''),
    }));
}

function queries(asked: string[]): fc.Arbitrary<string> {
  const names = [...asked, 'limit', 'cursor', 'colour', '__proto__', '%ff'];
  const shape = fc.constantFrom('', '', '', '', '[]', '[a]', '[__proto__]');
  const one = fc.record({ name: fc.constantFrom(...names), shape, value: encoded });
  return fc
    .array(one, { minLength: 1, maxLength: 3 })
    .map((parts) => `?${parts.map(({ name, shape: end, value }) => `${name}${end}=${value}`).join('&')}`);
}

function bodies(operation: any, components: any): fc.Arbitrary<Buffer> {
  const { schema, example = {} } = operation.requestBody?.content['application/json'] ?? {};
  const places = schema === undefined ? [] : placesOf(schema, components);
  const spoiled = fc
    .array(fc.record({ place: fc.constantFrom<Place>(...places, []), value: hostileValue }), {
      minLength: 1,
      maxLength: 2,
    })
    .map((changes) =>
      toJson(changes.reduce((whole, { place, value }) => put(whole, place, value), example as unknown)),
    );
  return fc.oneof(
    { weight: 8, arbitrary: places.length > 0 ? spoiled : fc.constantFrom(...junk) },
    { weight: 1, arbitrary: fc.constantFrom(...junk) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 4, stringUnit: 'binary' }).map((text) => Buffer.from(text)) },
  );
}

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...values) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
  { weight: 1, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value).replaceAll(`"${tooLarge}"`, '1e400'));
}

/** Every member that a schema names, with those of its parts; what lists and maps hold stands at 0 and `x`. */
function placesOf(schema: any, components: any, above: Place = [], seen: readonly string[] = []): Place[] {
  if (typeof schema !== 'object' || schema === null || above.length > 6) return [];
  if (typeof schema.$ref === 'string') {
    if (seen.includes(schema.$ref)) return [];
    const target = schema.$ref
      .split('/')
      .slice(2)
      .reduce((part: any, key: string) => part?.[key], components);
    return placesOf(target, components, above, [...seen, schema.$ref]);
  }
  const within = (part: any, key: string | number) => [
    [...above, key],
    ...placesOf(part, components, [...above, key], seen),
  ];
  const alternatives = ['allOf', 'anyOf', 'oneOf'].flatMap((word) => (schema[word] ?? []) as unknown[]);
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, part]) => within(part, key)),
    ...(schema.items ? within(schema.items, 0) : []),
    ...(typeof schema.additionalProperties === 'object' ? within(schema.additionalProperties, 'x') : []),
    ...alternatives.flatMap((part) => placesOf(part, components, above, seen)),
  ];
}

/** A copy of the whole with a value at the place; what is missing on the way there is made. */
function put(whole: unknown, [key, ...rest]: Place, value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === 'number') {
    const list = Array.isArray(whole) ? [...(whole as unknown[])] : [];
    list[key] = put(list[key], rest, value);
    return list;
  }
  const members = typeof whole === 'object' && whole !== null && !Array.isArray(whole) ? whole : {};
  return { ...members, [key]: put((members as Record<string, unknown>)[key], rest, value) };
}
