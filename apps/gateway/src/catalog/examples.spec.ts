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

/** The catalog documents that the page shows; its other YAML is for other programs. */
const shown = [...page.matchAll(/^```yaml\n(.*?)^```/gms)]
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

  it.each(shown.map((text, index) => [index + 1, text]))('number %i of the documentation is valid', async (_, text) => {
    const { status, json } = await (await catalog.tenant()).put(text as string, '?dry_run=true');
    expect({ status, errors: json.errors }).toEqual({ status: 200, errors: undefined });
  });

  it('are five products', () => {
    expect(documents.length).toBeGreaterThanOrEqual(5);
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
