import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { catalogHelp, parseCatalogArguments } from './arguments.mjs';

describe('arguments of npm run catalog', () => {
  it.each([
    [[], { command: 'help' }],
    [['--help'], { command: 'help' }],
    [['apply', 'a.yaml'], { command: 'apply', file: 'a.yaml', dryRun: false }],
    [['apply', '-', '--dry-run'], { command: 'apply', file: '-', dryRun: true }],
    [['show', '--effective'], { command: 'show', effective: true, json: false, version: undefined }],
    [['revert', '0'], { command: 'revert', version: 0, dryRun: false }],
  ])('%j are %j', (args, meaning) => expect(parseCatalogArguments(args)).toEqual(meaning));

  it.each([
    [['apply'], 'apply takes one FILE'],
    [['apply', 'a', 'b'], 'apply takes one FILE'],
    [['versions', 'x'], 'versions takes nothing after it'],
    [['versions', '--dry-run'], 'versions takes no --dry-run'],
    [['show', '--effective', '--version', '1'], 'either --effective or --version'],
    [['revert', 'one'], 'one is no version'],
    [['--dry-run'], '--dry-run is no command'],
    [['show', '--colour'], "'--colour'"],
  ])('refuse %j and point to the help', (args, says) => {
    expect(() => parseCatalogArguments(args)).toThrow(says);
    expect(() => parseCatalogArguments(args)).toThrow('npm run catalog -- --help');
  });

  it('are all in the help and in the documentation', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/catalog.md'), 'utf8');
    for (const word of ['apply', 'show', 'versions', 'revert', '--dry-run', '--effective', 'CARILLON_API_KEY']) {
      expect(catalogHelp).toContain(word);
      expect(page).toContain(word);
    }
  });
});
