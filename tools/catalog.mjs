#!/usr/bin/env node
/** `npm run catalog`: a tenant's notification rules as a file, applied to a Carillon that runs. See docs/catalog.md. */
import { requireNode } from './bootstrap/node-version.mjs';

requireNode();
// Imported only now: on a Node that is too old these modules would fail with an error that names no cure.
const { runCatalog } = await import('./catalog/run-catalog.mjs');
process.exitCode = await runCatalog(process.argv.slice(2));
