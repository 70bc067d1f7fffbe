#!/usr/bin/env node
/** `npm start`: the whole suite on this machine. See docs/running.md. */
import { requireNode } from './bootstrap/node-version.mjs';

requireNode();
// Imported only now: on a Node that is too old these modules would fail with an error that names no cure.
const { startSuite } = await import('./bootstrap/start-suite.mjs');
await startSuite(process.argv.slice(2));
