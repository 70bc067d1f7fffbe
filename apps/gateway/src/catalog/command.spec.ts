import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogUnderTest, type CatalogOfTenant } from '../../testing/catalog-under-test.ts';
import { runCatalog } from '../../../../tools/catalog/run-catalog.mjs';

const document = `# Ours
types:
  sale:
    category: activity
    channels: [in_app]
`;

describe('npm run catalog', () => {
  let catalog: CatalogUnderTest;
  let shop: CatalogOfTenant;
  let folder: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'catalog-'));
    catalog = await CatalogUnderTest.start();
    shop = await catalog.tenant('ci');
    environment = { CARILLON_URL: `${catalog.url}/v1/`, CARILLON_API_KEY: shop.key, INIT_CWD: folder };
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await catalog.close();
  });

  function file(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return name;
  }

  async function run(args: string[], settings: Record<string, string> = {}) {
    const written = { out: '', err: '' };
    const stream = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text) });
    const surroundings = { environment: { ...environment, ...settings }, out: stream('out'), err: stream('err') };
    const code = await runCatalog(args, surroundings);
    return { code, ...written };
  }

  it('shows with a dry run what would change, and changes nothing', async () => {
    const { code, out, err } = await run(['apply', file('shop.yaml', document), '--dry-run']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`types.sale
  + category: "activity"
  + channels: ["in_app"]

2 changes. This was a dry run; version 0 stays in force.
`);
    expect((await run(['versions'])).out).toBe('No document was applied yet.\n');
  });

  it('applies a document and shows it again as it was written', async () => {
    expect(await run(['apply', file('shop.yaml', document)])).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 changes. Version 1 is in force.'),
    });
    expect((await run(['show'])).out).toBe(document);
    expect(JSON.parse((await run(['show', '--json'])).out)).toHaveProperty('types.sale.category', 'activity');
    expect((await run(['show', '--effective'])).out).toContain('key: password_reset');
    expect((await run(['apply', 'shop.yaml'])).out).toBe('Nothing differs from what is in force (version 1).\n');
  });

  it('takes JSON, and colours the difference where colours are wanted', async () => {
    const json = JSON.stringify({ types: { sale: { category: 'activity', channels: ['in_app', 'sms'] } } });
    const { out } = await run(['apply', file('shop.json', json)], { FORCE_COLOR: '1' });
    expect(out).toContain('\u001b[33m  ~ channels: ["in_app"] → ["in_app","sms"]\u001b[39m');
  });

  it('lists versions and goes back to one', async () => {
    expect(await run(['revert', '1', '--dry-run'])).toMatchObject({ code: 0, out: expect.stringContaining('dry run') });
    expect((await run(['revert', '1'])).out).toContain('1 change. Version 3 is in force.');
    const { out } = await run(['versions']);
    expect(out.split('\n').map((line) => line.trim().split(/ {2,}/))).toMatchObject([
      ['version', 'applied at', 'by'],
      ['3', expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/), 'ci', 'back to 1'],
      ['2', expect.anything(), 'ci'],
      ['1', expect.anything(), 'ci'],
      [''],
    ]);
    expect((await run(['show', '--version', '2'])).out).toContain('sms');
  });

  it('names mistakes as file:line:column with the line that they are in, and ends with 1', async () => {
    const wrong = document.replace('activity', 'sails').replace('[in_app]', '[in_app, pigeon]');
    const { code, out, err } = await run(['apply', file('wrong.yaml', wrong)]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    const [first, source, mark, second] = err.split('\n');
    expect(first).toMatch(/^wrong\.yaml:4:5 {2}types\.sale\.category {2}"sails" is not a category/);
    expect(source).toBe('    4 |     category: sails');
    expect(mark).toBe('      |     ^');
    expect(second).toMatch(/^wrong\.yaml:5:24 {2}types\.sale\.channels\[1\] {2}/);
    expect(err).toContain('nothing was changed');
  });

  it('shows only the part around a mistake in a very long line', async () => {
    const wrong = JSON.stringify({ categories: { a: { description: 'x'.repeat(400) } }, types: { sale: 1 } });
    const { err } = await run(['apply', file('long.json', wrong)]);
    const [, source, mark] = err.split('\n');
    expect(source!.length).toBeLessThan(130);
    expect(source!.slice(mark!.indexOf('^'))).toMatch(/^"sale"/);
  });

  it('ends with 1 for a version that never was', async () => {
    expect(await run(['revert', '99'])).toMatchObject({ code: 1, err: expect.stringContaining('99') });
  });

  it('ends with 2 when it could not ask, and says why', async () => {
    const cases: [args: string[], settings: Record<string, string>, says: string][] = [
      [['apply', 'nowhere.yaml'], {}, 'nowhere.yaml cannot be read'],
      [['show'], { CARILLON_URL: 'http://127.0.0.1:9' }, 'Does Carillon run there?'],
      [['show'], { CARILLON_API_KEY: 'ck_wrong-wrong-wrong-wrong-wrong' }, 'was answered 401'],
      [['show'], { CARILLON_API_KEY: '' }, 'CARILLON_API_KEY is not'],
      [['aply'], {}, 'aply is no command'],
    ];
    for (const [args, settings, says] of cases)
      expect({ args, ...(await run(args, settings)) }).toMatchObject({ code: 2, err: expect.stringContaining(says) });
  });
});
