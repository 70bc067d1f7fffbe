#!/usr/bin/env node
/** `npm run bench`: measures the suite beside a bare floor on the same servers. See docs/running.md. */
import { requireNode } from './bootstrap/node-version.mjs';

requireNode();
// Imported only now: on a Node that is too old these modules would fail with an error that names no cure.
const { runBench } = await import('./bootstrap/run-bench.mjs');
await runBench(process.argv.slice(2));
