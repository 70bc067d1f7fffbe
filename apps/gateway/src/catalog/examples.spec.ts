import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogUnderTest } from '../../testing/catalog-under-test.ts';

const folder = join(import.meta.dirname, '../../../../examples');
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

  it('are five products', () => {
    expect(documents.length).toBeGreaterThanOrEqual(5);
  });
});
