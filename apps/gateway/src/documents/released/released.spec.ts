import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { asyncApiChanges, openApiChanges } from './breaking-changes.ts';
import { generatedDocuments } from './generated-documents.ts';
import type { Json } from './schema-changes.ts';

const folder = resolve(import.meta.dirname, '../../../../../docs/released');
const cure =
  'This breaks whoever was made for the released API. Add instead of changing: an optional field, a route or a message ' +
  'of a new version beside the old. If the break is meant: npm run build && npm run docs:released, and tell of it in ' +
  'CHANGELOG.md under "Breaking".';

describe('beside the released documents', () => {
  it.each([
    ['openapi', openApiChanges],
    ['asyncapi', asyncApiChanges],
  ] as const)('%s breaks nobody', (name, changes) => {
    const released = JSON.parse(readFileSync(resolve(folder, `${name}.json`), 'utf8')) as Json;
    const current = JSON.parse(JSON.stringify(generatedDocuments()[name])) as Json;
    const found = changes(released, current);
    if (found.length > 0) throw new Error(`${cure}\n\n${found.map((line) => `- ${line}`).join('\n')}\n`);
    expect(Object.keys((released.paths ?? released.channels) as object).length).toBeGreaterThan(20);
  });
});
