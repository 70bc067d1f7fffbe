#!/usr/bin/env node
/** `npm run demo`: a handful of events through a Carillon that runs, and where each one went. See docs/running.md. */
import { requireNode } from './bootstrap/node-version.mjs';

requireNode();
// Imported only now: on a Node that is too old these modules would fail with an error that names no cure.
const { runDemo } = await import('./demo/run-demo.mjs');
await runDemo();
