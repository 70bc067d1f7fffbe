import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  catalogCategorySchema,
  catalogDocumentSchema,
  catalogSourceSchema,
  catalogTypeSchema,
} from '@carillon/contracts';
import { CatalogUnderTest } from '../../testing/catalog-under-test.ts';

const root = join(import.meta.dirname, '../../../..');
const folder = join(root, 'examples');
const page = readFileSync(join(root, 'docs/catalog.md'), 'utf8');

const digests = readFileSync(join(root, 'docs/digests.md'), 'utf8');

/** The catalog documents that the pages show; other YAML there is for other programs. */
const shown = [...`${page}${digests}`.matchAll(/^```yaml\n(.*?)^```/gms)]
  .map(([, text]) => text!)
  .filter((text) => !text.includes('runs-on'));
const documents = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

describe('the example documents', () => {
  let catalog: CatalogUnderTest;

  beforeAll(async () => {
    catalog = await CatalogUnderTest.start();
  });

  afterAll(() => catalog.close());

  it.each(documents)('%s is taken as it stands, and says what it changes', async (file) => {
    const tenant = await catalog.tenant();
    const text = readFileSync(join(folder, file), 'utf8');
    const tried = await tenant.put(text, '?dry_run=true');
    expect({ status: tried.status, errors: tried.json.errors }).toEqual({ status: 200, errors: undefined });
    expect(tried.json).toMatchObject({ dry_run: true, applied: false, version: 0 });
    const applied = await tenant.put(text);
    expect(applied.json).toMatchObject({ dry_run: false, applied: true, version: 1, changes: tried.json.changes });
    expect((await tenant.call('GET', '/catalog?format=yaml')).text).toBe(text);
  });

  it.each(documents)('%s knows what to do with every event that its services publish', async (file) => {
    const tenant = await catalog.tenant();
    for (const id of ['amina', 'ruth']) {
      const person = { name: id, email: `${id}@example.org`, phone: '+254711000111', locale: 'sw' };
      const roles = { roles: ['admin', 'manager', 'stock'], tags: ['newsletter'] };
      const { status } = await tenant.call('PUT', `/v1/recipients/${id}`, { ...person, ...roles });
      expect(status).toBe(201);
    }
    await tenant.put(readFileSync(join(folder, file), 'utf8'));
    const events = JSON.parse(readFileSync(join(folder, 'events', file.replace('yaml', 'json')), 'utf8')) as object[];
    const meant = new Set<string>();
    for (const event of events) {
      const { status, json } = await tenant.call('POST', '/v1/events/dry-run', event);
      expect({ event, status, json }).toMatchObject({ status: 200 });
      expect({ event, notifications: json.notifications_total }).not.toMatchObject({ notifications: 0 });
      for (const type of json.types) meant.add(type);
      for (const { errors, template } of json.notifications) {
        expect({ event, errors }).toEqual({ event, errors: [] });
        // Nobody reads the words of a type that has none of its own.
        expect(Object.values<{ key: string }>(template).map(({ key }) => key)).not.toContain('generic');
      }
    }
    const { types } = (await tenant.call('GET', '/catalog')).json as { types: Record<string, { enabled?: boolean }> };
    const used = Object.keys(types).filter((key) => types[key]!.enabled !== false);
    expect([...meant]).toEqual(expect.arrayContaining(used));
  });

  it.each(shown.map((text, index) => [index + 1, text]))('number %i of the documentation is valid', async (_, text) => {
    const { status, json } = await (await catalog.tenant()).put(text as string, '?dry_run=true');
    expect({ status, errors: json.errors }).toEqual({ status: 200, errors: undefined });
  });

  it('are five products and what the documentation shows', () => {
    expect(documents).toHaveLength(5);
    expect(shown.length).toBeGreaterThan(5);
  });
});

describe('the reference of the catalog', () => {
  it('names every field that a document can have', () => {
    const { map, ...source } = catalogSourceSchema.shape;
    const reminder = catalogTypeSchema.shape.reminders.unwrap().element.shape;
    const fields = [
      catalogDocumentSchema.shape,
      catalogTypeSchema.shape,
      catalogCategorySchema.shape,
      source,
      map.unwrap().shape,
      catalogTypeSchema.shape.batch.unwrap().shape,
      catalogTypeSchema.shape.throttle.unwrap().shape,
      reminder,
    ].flatMap((shape) => Object.keys(shape));
    const reference = page.slice(page.indexOf('## Every field'), page.indexOf('## Every error'));
    for (const field of fields) expect(reference).toMatch(new RegExp(`\\b${field}\\b`));
  });
});
