import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  anyOutcome,
  domainEvent,
  eventRequested,
  publicOutcomes,
  recipientDeleted,
  recipientUpserted,
} from '@carillon/contracts';
import { streetTopology } from '@carillon/messaging';
import { startTestService, type TestService } from '@carillon/testing';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import { service } from '../service.ts';
import { DescribedRoutes, openApiPath } from './openapi/described-routes.ts';
import { version } from './package-folder.ts';
import { openApiChanges } from './released/breaking-changes.ts';
import { generatedDocuments } from './released/generated-documents.ts';
import { eventContracts } from './schemas/contracts.ts';

const admin = 'ck_development-key-for-tests-only';
const asyncApiSchema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0.json') as object;

type Json = Record<string, any>;

describe('what the gateway tells of itself', () => {
  let test: TestService;
  /** `get /v1/events/{id}` for everything that Fastify answers. */
  const served = new Set<string>();

  beforeAll(async () => {
    test = await startTestService(
      {
        ...service,
        http: async (app) => {
          app
            .getHttpAdapter()
            .getInstance()
            .addHook('onRoute', ({ method, url }) => {
              for (const verb of [method].flat()) served.add(`${verb.toLowerCase()} ${openApiPath(url)}`);
            });
          await service.http?.(app);
        },
      },
      { DEV_API_KEY: admin },
    );
  });

  afterAll(() => test.close());

  async function get(path: string, headers: Record<string, string> = {}) {
    const response = await fetch(test.running.url + path, { headers, redirect: 'manual' });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  const json = async (path: string): Promise<Json> => JSON.parse((await get(path)).text) as Json;

  describe('the OpenAPI document', () => {
    let document: Json;
    const operations = (): [name: string, operation: Json][] =>
      Object.entries(document.paths as Record<string, Json>).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]): [string, Json] => [`${method} ${path}`, operation]),
      );

    beforeAll(async () => {
      document = await json('/openapi.json');
    });

    it('is valid OpenAPI 3.1 of this version', async () => {
      const validator = new Validator();
      expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
      expect(validator.version).toBe('3.1');
      expect(document.info.version).toBe(version);
    });

    it('has every route that the gateway serves, and none that it does not', () => {
      const told = new Set(operations().map(([name]) => name));
      // libs/service serves these before its `http` hook, so the listener above has not heard of them.
      const operational = ['get /health/live', 'get /health/ready', 'get /metrics'];
      const expected = [...served, ...operational].filter((name) => !/^(head|options) /.test(name));
      expect([...told].sort()).toEqual([...new Set(expected)].sort());
    });

    it('says of every route what it does and who may use it', () => {
      const routes = test.running.app.get(DescribedRoutes).all();
      const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
      expect(routes.filter(({ description }) => !description).map(nameOf)).toEqual([]);
      expect(routes.filter(({ rule }) => rule === undefined).map(nameOf)).toEqual([]);
      const ids = operations().map(([, { operationId }]) => operationId as string);
      expect(ids).toHaveLength(new Set(ids).size);
      for (const [name, { parameters = [] }] of operations()) {
        for (const parameter of parameters as Json[])
          if (parameter.in === 'path')
            expect({ name, ...parameter }).toMatchObject({ description: expect.any(String) });
      }
      for (const tag of document.tags as Json[]) expect(tag).toMatchObject({ description: expect.any(String) });
    });

    it('has only examples that its own schemas accept', () => {
      const validator = new Ajv2020({ strict: false });
      formats.default(validator);
      // What many answer with is compiled once: every problem of every route has the same schema.
      const compiled = new Map<string, ReturnType<typeof validator.compile>>();
      validator.addSchema({ $id: 'document', components: document.components });
      const validating = (schema: Json) => {
        const text = JSON.stringify(schema).replaceAll('"#/components', '"document#/components');
        const validate = compiled.get(text) ?? validator.compile(JSON.parse(text));
        compiled.set(text, validate);
        return validate;
      };
      let checked = 0;
      const told = Object.entries(document.webhooks as Json).map(([kind, { post }]): [string, Json] => [kind, post]);
      expect(told.map(([kind]) => kind)).toEqual([...publicOutcomes.values()].map(({ key }) => key));
      for (const [name, { requestBody, responses }] of [...operations(), ...told]) {
        const contents = [requestBody as Json | undefined, ...(Object.values(responses) as Json[])].flatMap((part) =>
          Object.values((part?.content ?? {}) as Record<string, Json>),
        );
        for (const { schema, example, examples = {} } of contents) {
          const given = [
            ...(example === undefined ? [] : [example]),
            ...Object.values<Json>(examples).map((e) => e.value),
          ];
          const validate = validating(schema);
          for (const value of given) {
            expect({ name, value, ok: validate(value), errors: validate.errors }).toMatchObject({ ok: true });
            checked++;
          }
        }
      }
      expect(checked).toBeGreaterThan(50);
    });

    it('has an example for every body, and for every answer that it has a schema for', () => {
      const bodies = operations().flatMap(([name, { requestBody, responses }]) => [
        { name, body: true, content: (requestBody as Json | undefined)?.content as Json | undefined },
        ...Object.entries(responses as Json).map(([status, { content }]) => ({ name, status, content })),
      ]);
      const without = bodies.flatMap(({ content = {}, ...of }) =>
        Object.entries<Json>(content)
          // The schema of these is a standard of its own, or that of a provider.
          .filter(([, { schema }]) => Object.keys(schema as Json).join() !== 'type')
          .filter(([, { example, examples }]) => example === undefined && examples === undefined)
          .map(([type]) => ({ ...of, type })),
      );
      expect(without).toEqual([]);
      expect(bodies.length).toBeGreaterThan(1_000);
    });

    it('says of every route what it answers to a name in its path that names nothing', () => {
      for (const [name, { responses }] of operations().filter(([, { parameters = [] }]) =>
        (parameters as Json[]).some((one) => one.in === 'path'),
      )) {
        const problems = responses[404] ?? responses[400];
        const { examples } = problems.content['application/problem+json'];
        expect({ name, codes: Object.keys(examples as Json) }).toMatchObject({
          codes: expect.arrayContaining([
            expect.stringMatching(/^(not_found|invalid_path|invitation_unknown|webhook_not_configured)$/),
          ]),
        });
      }
    });

    it('shows the very answers that a caller gets', async () => {
      const { token } = await test.running.app.get(RecipientTokens).mint('default', 'amina');
      const { responses } = document.paths['/v1/events'].post as Json;
      const example = (status: number, code: string): Json =>
        responses[status].content['application/problem+json'].examples[code].value;
      const post = async (key: string | undefined, body: unknown) => {
        const answer = await fetch(`${test.running.url}/v1/events`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
          body: JSON.stringify(body),
        });
        return answer.json();
      };
      expect(await post(undefined, {})).toEqual(example(401, 'unauthorized'));
      expect(await post(token, {})).toEqual(example(403, 'forbidden'));
      expect(await post(admin, { colour: 'red' })).toEqual(example(400, 'invalid_body'));
    });

    it.each([
      ['no JSON', 'application/json', '{', 400, 'invalid_json'],
      ['another type', 'text/xml', '<event/>', 415, 'unsupported_media_type'],
      ['too much', 'application/json', JSON.stringify('x'.repeat(5 * 2 ** 20)), 413, 'body_too_large'],
    ])('has what every route answers to a body that is %s', async (_, type, body, status, code) => {
      const answer = await fetch(`${test.running.url}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': type, authorization: `Bearer ${admin}` },
        body,
      });
      expect({ status: answer.status, ...((await answer.json()) as Json) }).toMatchObject({ status, code });
      for (const [name, { requestBody, responses }] of operations())
        if (requestBody)
          expect({ name, ...responses[status]?.content['application/problem+json'].examples }).toHaveProperty(code);
    });

    it('is what the code says without a gateway that runs', () => {
      const { openapi } = JSON.parse(JSON.stringify(generatedDocuments())) as Json;
      expect(Object.keys(openapi.paths as Json).sort()).toEqual(Object.keys(document.paths as Json).sort());
      expect(openApiChanges(openapi as Json, document)).toEqual([]);
      expect(openApiChanges(document, openapi as Json)).toEqual([]);
    });
  });

  describe('the AsyncAPI document', () => {
    let document: Json;

    beforeAll(async () => {
      document = await json('/asyncapi.json');
    });

    it('is valid AsyncAPI 3.0', () => {
      // The schema brings draft 7 along.
      const validator = new Ajv({ strict: false, meta: false, validateSchema: false, allErrors: true });
      formats.default(validator);
      const validate = validator.compile(asyncApiSchema);
      expect({ ok: validate(document), errors: validate.errors }).toEqual({ ok: true, errors: null });
    });

    it('refers only to what it defines', () => {
      const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer]) => pointer!);
      expect(references.length).toBeGreaterThan(20);
      for (const pointer of references) {
        const target = pointer.split('/').reduce<Json | undefined>((part, key) => part?.[key] as Json, document);
        expect({ pointer, target }).toMatchObject({ target: expect.anything() });
      }
    });

    it('has every message of the contracts, what integrators use first and the rest marked internal', () => {
      const channels = Object.values(document.channels as Record<string, Json>);
      expect(channels.map(({ title }) => title as string).sort()).toEqual(
        eventContracts.map(({ type }) => type).sort(),
      );
      const outcomes = test.broker.names.exchange('outcomes');
      const isPublic = ({ title, bindings }: Json) =>
        [domainEvent, eventRequested, recipientUpserted, recipientDeleted].some(({ type }) => type === title) ||
        (bindings.amqp.exchange.name === outcomes && title !== anyOutcome.type);
      const firstInternal = channels.findIndex((channel) => !isPublic(channel));
      expect(channels.slice(firstInternal).some(isPublic)).toBe(false);
      for (const channel of channels) {
        expect({ ...channel, internal: channel['x-internal'] ?? false }).toMatchObject({
          internal: !isPublic(channel),
          tags: [{ name: isPublic(channel) ? 'public' : 'internal' }],
        });
      }
    });

    it('names exchanges as this installation has them', () => {
      const { exchanges } = streetTopology(test.broker.names);
      for (const { bindings } of Object.values(document.channels as Record<string, Json>)) {
        const { name, type } = bindings.amqp.exchange;
        expect(exchanges).toContainEqual({ name, kind: type });
      }
    });

    it('has only examples that its own schemas accept', () => {
      const validator = new Ajv({ strict: false });
      formats.default(validator);
      let checked = 0;
      for (const { messages } of Object.values(document.channels as Record<string, Json>)) {
        for (const { name, payload, examples } of Object.values(messages as Record<string, Json>)) {
          const validate = validator.compile({ ...payload, components: document.components });
          for (const example of examples as Json[]) {
            expect({ name, ok: validate(example.payload), errors: validate.errors }).toMatchObject({ ok: true });
            checked++;
          }
        }
      }
      expect(checked).toBeGreaterThan(eventContracts.length);
    });
  });

  describe('its pages', () => {
    /** Everything that a page or script of ours names: `src`, `href`, imports. */
    const linksIn = (text: string): string[] =>
      [...text.matchAll(/(?:\bsrc="|\bhref="|\bfrom '|\bimport '|\bimport\(')([^"'#]+)["']/g)].map(([, link]) => link!);

    /** Follows the links of a page within its folder; returns each file's path. */
    async function crawl(page: string, folder: string): Promise<string[]> {
      const found = new Set([page]);
      for (const path of found) {
        const { status, headers, text } = await get(path);
        expect({ path, status }).toEqual({ path, status: 200 });
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        if (path.endsWith('-bundle.js') || /css|png|svg/.test(path)) continue;
        for (const link of linksIn(text)) {
          const url = new URL(link, test.running.url + path);
          expect({ link, origin: url.origin }).toEqual({ link, origin: test.running.url });
          if (url.pathname.startsWith(folder)) found.add(url.pathname);
        }
      }
      return [...found];
    }

    it.each([
      ['/docs', '/docs/', 5],
      ['/admin', '/admin/', 10],
    ])('%s and every file it needs come from this server, under a strict policy', async (page, folder, atLeast) => {
      const files = await crawl(page, folder);
      expect(files.length).toBeGreaterThan(atLeast);
      const types: Record<string, string> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
      for (const file of files) {
        const { headers } = await get(file);
        const type = types[file.split('.').at(-1)!];
        if (type) expect(headers.get('content-type')).toContain(type);
        const policy = headers.get('content-security-policy');
        expect(policy).toContain("default-src 'none'");
        expect(policy).not.toMatch(/script-src[^;]*(unsafe|https?:|\*)/);
      }
    });

    it.each(['/docs', '/admin'])('%s has one address', async (page) => {
      for (const other of [`${page}/`, `${page}/index.html`]) {
        const { status, headers } = await get(other);
        expect({ other, status }).toEqual({ other, status: 308 });
        expect(new URL(headers.get('location')!, test.running.url + other).pathname).toBe(page);
      }
    });

    it('are kept by browsers until they change, and travel compressed', async () => {
      const { headers } = await get('/docs/swagger-ui-bundle.js', { 'accept-encoding': 'gzip' });
      expect(headers.get('content-encoding')).toBe('gzip');
      const etag = headers.get('etag')!;
      const again = await get('/docs/swagger-ui-bundle.js', { 'if-none-match': `"other", ${etag}` });
      expect(again).toMatchObject({ status: 304, text: '' });
      expect((await get('/docs/swagger-ui-bundle.js', { 'if-none-match': '"other"' })).status).toBe(200);
    });

    it('never lead out of their folders', async () => {
      for (const name of [
        'nothing.js',
        '..%2fpackage.json',
        '..%2f..%2fgateway%2fpackage.json',
        '%2e%2e%2fpackage.json',
        '%2fetc%2fpasswd',
        'package.json',
        'format.spec.ts',
        'toString',
        'swagger-initializer.js',
      ]) {
        for (const folder of ['/docs/', '/admin/'])
          expect({ name, status: (await get(folder + name)).status }).toEqual({ name, status: 404 });
      }
    });

    it('show the content of a message only where nothing can run or be loaded', async () => {
      const policy = (await get('/admin/preview.html')).headers.get('content-security-policy')!;
      expect(policy).toContain('sandbox');
      expect(policy).not.toMatch(/allow-scripts|script-src|https?:|connect-src/);
    });
  });
});
