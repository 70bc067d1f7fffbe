#!/usr/bin/env node
/**
 * Writes docs/released: the API documents that changes are compared with, from the code. `npm run docs:released`, after a
 * build, when a version is released or a breaking change is meant.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './bootstrap/workspace.mjs';

const code = join(root, 'apps/gateway/dist/src/documents/released/generated-documents.js');
const { generatedDocuments } = await import(pathToFileURL(code).href);
const folder = join(root, 'docs/released');
await mkdir(folder, { recursive: true });
for (const [name, document] of Object.entries(generatedDocuments()))
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(document, null, 2)}\n`);
