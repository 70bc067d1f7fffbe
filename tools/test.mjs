#!/usr/bin/env node
/** `npm test`: all tests on real servers, with names of their own, nothing left behind. See docs/running.md. */
import { requireNode } from './bootstrap/node-version.mjs';

requireNode();
// Imported only now: on a Node that is too old these modules would fail with an error that names no cure.
const { runTests } = await import('./bootstrap/run-tests.mjs');
await runTests(process.argv.slice(2));
