#!/usr/bin/env node
/**
 * Brings the schemas of all services up to date: `node tools/migrate.mjs`, with DATABASE_URL naming a role that may
 * create databases and roles, and CARILLON_SECRET, from which the services' database passwords are derived.
 * Safe to run by several at once.
 */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { services } from './services.mjs';
import { root } from './bootstrap/workspace.mjs';

/**
 * @param {object} options
 * @param {string} options.adminUrl
 * @param {string} options.secret
 * @param {(service: string, applied: string[]) => void} [options.onService] called after each service
 * @returns {Promise<number>} how many migrations were applied
 */
export async function migrateAll({ adminUrl, secret, onService }) {
  // Imported only now: packages and compiled code may just have been made.
  const { migrateService } = await import('@carillon/persistence');
  let count = 0;
  for (const { name } of services.filter(({ database }) => database)) {
    const { migrations } = await import(pathToFileURL(join(root, 'apps', name, 'dist', 'migrations', 'index.js')).href);
    const applied = await migrateService({ adminUrl, service: name, migrations, secret });
    count += applied.length;
    onService?.(name, applied);
  }
  return count;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { DATABASE_URL: adminUrl, CARILLON_SECRET: secret } = process.env;
  if (!adminUrl || !secret) {
    console.error(
      `${adminUrl ? 'CARILLON_SECRET' : 'DATABASE_URL'} is not set. Usage:\n` +
        '  DATABASE_URL=postgres://admin:password@host:5432/carillon CARILLON_SECRET=… node tools/migrate.mjs',
    );
    process.exit(1);
  }
  const count = await migrateAll({
    adminUrl,
    secret,
    onService: (service, applied) =>
      console.log(`${service}: ${applied.length > 0 ? applied.join(', ') : 'up to date'}`),
  });
  console.log(count > 0 ? `${count} migrations applied` : 'all schemas are up to date');
}
