import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { consumers, rpcServices } from '@carillon/contracts';

const root = resolve(import.meta.dirname, '../../..');
const built = (path: string) => import(pathToFileURL(resolve(root, path)).href);

/** Tests of the system as a whole: what one service promises, another keeps. They read what `npm run build` made. */
describe('the suite', () => {
  it('has words for every channel of every type in the catalog', async () => {
    const { builtInTypes } = await built('apps/preferences/dist/src/catalog/built-in-types.js');
    const { describeBuiltIns } = await built('apps/template-renderer/dist/src/built-in/describe.js');
    const templated = new Map<string, string[]>(describeBuiltIns().map(({ type, channels }: any) => [type, channels]));
    const missing = builtInTypes.flatMap(({ key, channels }: any) =>
      channels
        .filter((channel: string) => !templated.get(key)?.includes(channel))
        .map((channel: string) => `${key} by ${channel}`),
    );
    expect(missing).toEqual([]);
  });

  it('asks of the data of each built-in type what its words need, and no more', async () => {
    const { builtInTypes } = await built('apps/preferences/dist/src/catalog/built-in-types.js');
    const { describeBuiltIns } = await built('apps/template-renderer/dist/src/built-in/describe.js');
    const described = new Map<string, any>(describeBuiltIns().map((words: any) => [words.type, words]));
    for (const { key, check } of builtInTypes) {
      const { required, optional, sample } = described.get(key);
      expect([key, check(sample)]).toEqual([key, []]);
      const odd = Object.fromEntries(optional.map((name: string) => [name, null]));
      expect([key, check({ ...sample, ...odd, recipient_id: 'amina' })]).toEqual([key, []]);
      const missing = check({}).map(({ path, message }: any) => `${path} ${message}`);
      expect([key, missing.sort()]).toEqual([key, required.map((name: string) => `data.${name} is missing`).sort()]);
    }
  });

  it('has a service for every consumer of the street, and starts each one', async () => {
    const { services } = await import(pathToFileURL(resolve(root, 'tools/services.mjs')).href);
    const started = services.map(({ name }: { name: string }) => name);
    expect(started).toEqual(expect.arrayContaining([...Object.keys(consumers), ...rpcServices]));
  });

  it('describes every setting of every service in docs/settings.md, as the code has it', async () => {
    const { settingsPage } = await import(pathToFileURL(resolve(root, 'tools/settings.mjs')).href);
    const page = await readFile(resolve(root, 'docs/settings.md'), 'utf8');
    // When this fails: npm run docs:settings
    expect(page).toBe(await settingsPage());
    expect(page).not.toMatch(/^\| `\w+` \| {2}\|/m); // a setting without a description
  });
});
