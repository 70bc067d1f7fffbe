#!/usr/bin/env node
/**
 * Writes docs/settings.md: every environment variable of every service, from the schemas that validate them.
 * `npm run docs:settings`, after a build. A test compares the page with what this makes.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './bootstrap/workspace.mjs';
import { services } from './services.mjs';

/** @returns {Promise<string>} the page */
export async function settingsPage() {
  const { commonConfig } = await import('@carillon/service');
  const sections = [`## Every service\n\n${table(commonConfig.shape)}`];
  for (const { name } of services.filter(({ database }) => database)) {
    const { service } = await import(pathToFileURL(join(root, 'apps', name, 'dist/src/service.js')).href);
    const shape = service.config.shape;
    if (Object.keys(shape).length > 0) sections.push(`## ${name}\n\n${table(shape)}`);
  }
  return `# Settings

Services are set up by environment variables, validated before anything else happens: a wrong value stops the start with a
line that names it. An empty variable counts as not set. This page is written by \`npm run docs:settings\`.

${sections.join('\n\n')}
`;
}

/** @param {Record<string, any>} shape a zod object's */
function table(shape) {
  const rows = Object.entries(shape).map(
    ([name, schema]) => `| \`${name}\` | ${schema.description ?? ''} | ${defaultOf(schema)} |`,
  );
  return ['| variable | what it is | default |', '|---|---|---|', ...rows].join('\n');
}

/** The default as one would write it in the environment, before it is parsed. @param {any} schema */
function defaultOf(schema) {
  if (!schema.safeParse(undefined).success) return '**required**';
  const value = writtenDefault(schema);
  return value === undefined ? '' : `\`${typeof value === 'object' ? JSON.stringify(value) : value}\``;
}

/** @param {any} schema @returns {unknown} */
function writtenDefault(schema) {
  const { type, defaultValue, innerType, in: input } = schema.def;
  if (type === 'default' || type === 'prefault') return defaultValue;
  const inner = innerType ?? input;
  return inner && writtenDefault(inner);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await writeFile(join(root, 'docs/settings.md'), await settingsPage());
}
