import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogUnderTest, type CatalogOfTenant } from '../../testing/catalog-under-test.ts';

const document = `# The rules of the school
types:
  lesson_scheduled:
    category: activity # as the parents know it
    channels: [in_app, email]
    on: lesson.scheduled
    to: 'data.students | map: "guardian_id"'
    templates:
      en:
        in_app:
          title: '{{ course }}'
          message: 'With {{ teacher }}.'
`;

describe('the catalog over HTTP', () => {
  let catalog: CatalogUnderTest;
  let school: CatalogOfTenant;

  beforeAll(async () => {
    catalog = await CatalogUnderTest.start();
  });

  afterAll(() => catalog.close());

  describe('as one document', () => {
    beforeAll(async () => {
      school = await catalog.tenant();
    });

    it('is empty, of version 0, before anything was applied', async () => {
      const { status, headers, json } = await school.call('GET', '/catalog');
      expect({ status, json, etag: headers.get('etag') }).toEqual({ status: 200, json: {}, etag: '"0"' });
    });

    it('says with a dry run what would change, and changes nothing', async () => {
      const { json } = await school.put(document, '?dry_run=true');
      expect(json).toMatchObject({ version: 0, applied: false, dry_run: true, warnings: [] });
      expect(json.changes).toContainEqual({
        change: 'added',
        path: 'types.lesson_scheduled.category',
        after: 'activity',
      });
      expect((await school.call('GET', '/catalog')).json).toEqual({});
    });

    it('is applied, and read back as it was sent, with its comments', async () => {
      const put = await school.put(document);
      expect(put).toMatchObject({ status: 200, json: { version: 1, applied: true, dry_run: false } });
      expect(put.headers.get('etag')).toBe('"1"');
      for (const [query, accept] of [
        ['?format=yaml', '*/*'],
        ['', 'application/yaml'],
        ['', 'text/yaml, application/json;q=0.1'],
      ] as const) {
        const { headers, text } = await school.call('GET', `/catalog${query}`, undefined, { accept });
        expect(text).toBe(document);
        expect(headers.get('content-type')).toBe('application/yaml; charset=utf-8');
        expect(headers.get('etag')).toBe('"1"');
      }
      for (const accept of ['*/*', 'application/json, application/yaml;q=0.5']) {
        const { json } = await school.call('GET', '/catalog', undefined, { accept });
        expect(json.types.lesson_scheduled.on).toBe('lesson.scheduled');
      }
    });

    it('is applied as JSON too; what says the same changes nothing', async () => {
      const { json } = await school.call('GET', '/catalog');
      expect((await school.call('PUT', '/catalog', json)).json).toMatchObject({
        version: 1,
        applied: false,
        changes: [],
      });
      json.types.lesson_scheduled.priority = 'high';
      expect((await school.call('PUT', '/catalog', json)).json).toMatchObject({
        version: 2,
        changes: [{ change: 'added', path: 'types.lesson_scheduled.priority', after: 'high' }],
      });
      const { text } = await school.call('GET', '/catalog?format=yaml');
      expect(text).toContain('priority: high');
    });

    it('shows what is in force, built-in types included', async () => {
      const { json } = await school.call('GET', '/catalog?effective=true');
      const origins = Object.fromEntries(json.types.map(({ key, origin }: any) => [key, origin]));
      expect(origins).toMatchObject({ lesson_scheduled: 'tenant', password_reset: 'system' });
    });

    it('lists its versions with who applied them, and goes back to one', async () => {
      const { json } = await school.call('GET', '/catalog/versions?limit=1');
      expect(json.data).toMatchObject([{ version: 2, applied_by: 'ci', format: 'json', reverts: null }]);
      const next = await school.call('GET', `/catalog/versions?limit=1&cursor=${json.next_cursor}`);
      expect(next.json).toMatchObject({ data: [{ version: 1, format: 'yaml' }] });

      const tried = await school.call('POST', '/catalog/revert?dry_run=true', { version: 1 });
      expect(tried.json).toMatchObject({ version: 2, applied: false, dry_run: true, changes: [{ change: 'removed' }] });
      const reverted = await school.call('POST', '/catalog/revert', { version: 1 });
      expect(reverted.json).toMatchObject({ version: 3, applied: true, dry_run: false });
      expect((await school.call('GET', '/catalog?format=yaml')).text).toBe(document);
      expect((await school.call('GET', '/catalog?version=2')).json.types.lesson_scheduled.priority).toBe('high');
      expect((await school.call('GET', '/catalog?version=99')).status).toBe(404);
      expect((await school.call('POST', '/catalog/revert', { version: 99 })).status).toBe(404);
    });

    it('goes back to no document at all, from where parts can be put again', async () => {
      const tenant = await catalog.tenant();
      await tenant.put(document);
      expect((await tenant.call('POST', '/catalog/revert', { version: 0 })).json).toMatchObject({
        version: 2,
        applied: true,
      });
      expect((await tenant.call('GET', '/catalog')).json).toEqual({});
      expect((await tenant.call('GET', '/catalog?format=yaml')).text).toBe('{}\n');
      await tenant.call('PUT', '/categories/lessons', { name: 'Lessons' });
      expect((await tenant.call('GET', '/catalog?format=yaml')).text).toBe(
        'categories:\n  lessons:\n    name: Lessons\n',
      );
    });

    it('is refused when somebody else was faster than the version it was made from', async () => {
      const late = await school.put(`${document}# late\n`, '', { 'if-match': '"1"' });
      expect(late).toMatchObject({ status: 412, json: { code: 'catalog_changed' } });
      expect((await school.put(document, '', { 'if-match': '"3"' })).status).toBe(200);
      const wrong = await school.put(document, '', { 'if-match': 'three' });
      expect(wrong).toMatchObject({ status: 400, json: { code: 'invalid_headers', errors: [{ path: 'if-match' }] } });
    });

    it('is another one for every tenant', async () => {
      const other = await catalog.tenant();
      expect((await other.call('GET', '/catalog')).json).toEqual({});
      expect((await other.call('GET', '/types/lesson_scheduled')).status).toBe(404);
    });
  });

  describe('with mistakes', () => {
    let shop: CatalogOfTenant;

    beforeAll(async () => {
      shop = await catalog.tenant();
    });

    const wrong = `types:
  sale:
    category: sails
    channels: [in_app, pigeon]
    when: data.total >
    colour: red
    templates:
      en:
        in_app:
          title: '{{ total | mony }}'
          message: 'Sold'
        email:
          subject: Sold
          body: <mj-blink>Sold</mj-blink>
sources:
  till: { exchange: '' }
`;

    it('names all of them at once, whoever found them, each with its line', async () => {
      const { status, json } = await shop.put(wrong);
      expect({ status, code: json.code }).toEqual({ status: 422, code: 'invalid_catalog' });
      const found = Object.fromEntries(json.errors.map(({ path, ...rest }: any) => [path, rest]));
      const at = (line: number, column: number) => ({ line, column, message: expect.any(String) });
      expect(found).toEqual({
        'types.sale.category': at(3, 5),
        'types.sale.channels[1]': at(4, 24),
        'types.sale.when': at(5, 5),
        'types.sale.colour': at(6, 5),
        'types.sale.templates.en.in_app.title': at(10, 11),
        'types.sale.templates.en.email.body': at(14, 11),
        'sources.till.exchange': at(16, 11),
      });
      expect((await shop.call('GET', '/catalog/versions')).json.data).toEqual([]);
    });

    it('names the lines of a JSON document too', async () => {
      const text = '{\n  "types": {\n    "sale": {\n      "category": "activity",\n      "channels": []\n    }\n  }\n}';
      const { json } = await shop.put(text, '', { 'content-type': 'application/json' });
      expect(json.errors).toMatchObject([{ path: 'types.sale.channels', line: 5, column: 7 }]);
      const broken = await shop.put('{ "types": }', '', { 'content-type': 'application/json' });
      expect(broken).toMatchObject({
        status: 422,
        json: { code: 'invalid_catalog', errors: [{ line: 1, column: 12 }] },
      });
    });

    it('names the line of wrong YAML, and says when there is no document at all', async () => {
      const { status, json } = await shop.put('types:\n  sale: {{ x }}\n');
      expect({ status, errors: json.errors }).toMatchObject({ status: 422, errors: [{ line: 2 }] });
      expect(await shop.call('PUT', '/catalog')).toMatchObject({ status: 400, json: { code: 'invalid_body' } });
      expect(await shop.put('a', '', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
      expect(await shop.put(`# ${'x'.repeat(1024 * 1024)}`)).toMatchObject({ status: 413 });
    });

    it('refuses YAML on every other route', async () => {
      for (const [method, path] of [
        ['PUT', '/types/sale'],
        ['POST', '/catalog/revert'],
      ] as const) {
        expect(await shop.call(method, path, 'version: 1')).toMatchObject({
          status: 415,
          json: { code: 'unsupported_media_type' },
        });
      }
    });

    it('refuses queries that contradict each other', async () => {
      expect(await shop.call('GET', '/catalog?effective=true&version=1')).toMatchObject({
        status: 400,
        json: { errors: [{ path: 'version' }] },
      });
      expect((await shop.put(document, '?dry_run=yes')).status).toBe(400);
    });
  });

  describe('part by part', () => {
    beforeAll(async () => {
      school = await catalog.tenant();
      await school.put(document);
    });

    const cancelled = { category: 'activity', channels: ['in_app'], priority: 'high', on: ['lesson.cancelled'] };

    it('is edited without touching the comments of the rest', async () => {
      expect(await school.call('PUT', '/types/lesson_cancelled', cancelled)).toMatchObject({
        status: 200,
        json: { version: 2, applied: true, dry_run: false },
      });
      const { text } = await school.call('GET', '/catalog?format=yaml');
      expect(text).toBe(`${document}  lesson_cancelled:
    category: activity
    channels:
      - in_app
    priority: high
    on:
      - lesson.cancelled
`);
    });

    it('shows each part as it is in force and as the document has it', async () => {
      const { json } = await school.call('GET', '/types/lesson_cancelled');
      expect(json).toMatchObject({ key: 'lesson_cancelled', origin: 'tenant', mandatory: false, document: cancelled });
      const builtIn = await school.call('GET', '/types/password_reset');
      expect(builtIn.json).toMatchObject({ origin: 'system', mandatory: true, document: null });
      const { data } = (await school.call('GET', '/types')).json;
      expect(data.map(({ key }: any) => key)).toEqual(expect.arrayContaining(['lesson_cancelled', 'welcome']));
      expect((await school.call('GET', '/types/nothing')).status).toBe(404);
    });

    it('puts own types before built-in ones, and brings those back', async () => {
      const welcome = { category: 'marketing', channels: ['email'] };
      await school.call('PUT', '/types/welcome', welcome);
      expect((await school.call('GET', '/types/welcome')).json).toMatchObject({
        origin: 'tenant',
        category: 'marketing',
      });
      const tried = await school.call('DELETE', '/types/welcome?dry_run=true');
      expect(tried.json).toMatchObject({ applied: false, in_force: null });
      const removed = await school.call('DELETE', '/types/welcome');
      expect(removed.json).toMatchObject({ applied: true, in_force: { key: 'welcome', origin: 'system' } });
      expect(await school.call('DELETE', '/types/welcome')).toMatchObject({ status: 409, json: { code: 'built_in' } });
      expect((await school.call('DELETE', '/types/nothing')).status).toBe(404);
    });

    it('names what is wrong with a part by its path within the part', async () => {
      const shape = await school.call('PUT', '/types/lesson_moved', { category: 'activity', channels: ['pigeon'] });
      expect(shape).toMatchObject({ status: 400, json: { code: 'invalid_body', errors: [{ path: 'channels[0]' }] } });
      const meaning = await school.call('PUT', '/types/lesson_moved', {
        category: 'lessons',
        channels: ['in_app'],
        when: 'data.',
        templates: { en: { in_app: { title: '{{ x | y }}', message: 'm' } } },
      });
      expect(meaning).toMatchObject({ status: 422, json: { code: 'invalid_catalog' } });
      expect(meaning.json.errors.map(({ path }: any) => path).sort()).toEqual([
        'category',
        'templates.en.in_app.title',
        'when',
      ]);
      expect((await school.call('PUT', '/types/Lesson moved', cancelled)).status).toBe(400);
    });

    it('refuses to remove what another part needs, and says which', async () => {
      await school.call('PUT', '/categories/lessons', { name: 'Lessons' });
      expect((await school.call('GET', '/categories/lessons')).json).toMatchObject({
        origin: 'tenant',
        name: 'Lessons',
        document: { name: 'Lessons' },
      });
      await school.call('PUT', '/types/lesson_cancelled', { ...cancelled, category: 'lessons' });
      expect(await school.call('DELETE', '/categories/lessons')).toMatchObject({
        status: 422,
        json: { errors: [{ path: 'types.lesson_cancelled.category' }] },
      });
    });

    it('says of sources whether they are bound', async () => {
      await school.call('PUT', '/sources/studio', { exchange: `nowhere.${school.tenant}`, routing_keys: ['lesson.*'] });
      const { json } = await school.call('GET', '/sources');
      expect(json.data).toMatchObject([{ key: 'studio', routing_keys: ['lesson.*'], status: expect.any(String) }]);
      expect((await school.call('GET', '/sources/studio')).json.document.routing_keys).toEqual(['lesson.*']);
      expect((await school.call('DELETE', '/sources/studio')).json).toMatchObject({ applied: true, in_force: null });
      expect((await school.call('GET', '/sources')).json.data).toEqual([]);
    });

    it('loses nothing when many edit at the same time', async () => {
      const keys = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
      const answers = await Promise.all(keys.map((key) => school.call('PUT', `/types/${key}`, cancelled)));
      expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 200));
      const { types } = (await school.call('GET', '/catalog')).json;
      expect(Object.keys(types)).toEqual(expect.arrayContaining(keys));
    });
  });

  it('changes nothing while the templates cannot be checked', async () => {
    const tenant = await catalog.tenant();
    await catalog.removeRenderer();
    expect(await tenant.put(document)).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect((await tenant.call('GET', '/catalog/versions')).json.data).toEqual([]);
    const plain = 'types:\n  sale: { category: activity, channels: [in_app] }\n';
    expect((await tenant.put(plain)).json).toMatchObject({ version: 1, applied: true });
  });
});
