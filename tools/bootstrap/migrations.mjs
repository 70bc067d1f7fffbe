/** The migrations as a step of the start, and the services' database URLs. */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { withPostgres } from './postgres.mjs';
import { node24, root, stateFile } from './workspace.mjs';

/**
 * Brings all schemas up to date, in a process of its own: TypeORM and the services' migrations take Node 20, without a
 * compile cache, over a second to load.
 * @param {{ adminUrl: string, secret: string }} options
 * @returns {Promise<string>} what was done, in words
 */
export async function migrate({ adminUrl, secret }) {
  const output = await run(node24, [join(root, 'tools', 'migrate.mjs')], {
    label: 'node tools/migrate.mjs',
    env: {
      ...process.env,
      DATABASE_URL: adminUrl,
      CARILLON_SECRET: secret,
      NODE_COMPILE_CACHE: stateFile('compile-cache'),
    },
  });
  return output.split('\n').at(-1) ?? '';
}

/**
 * @param {string[]} services
 * @param {{ adminUrl: string, secret: string }} options
 * @returns {Promise<Map<string, string>>} the URL with which each service logs in
 */
export async function serviceDatabaseUrls(services, { adminUrl, secret }) {
  // Not through the package's index, which loads TypeORM: that is half a second of each start.
  const names = join(root, 'libs', 'persistence', 'dist', 'src', 'names.js');
  /** @type {typeof import('@carillon/persistence')} */
  const { serviceDatabaseUrl } = await import(pathToFileURL(names).href);
  return new Map(services.map((service) => [service, serviceDatabaseUrl(adminUrl, service, secret)]));
}

/**
 * Whether PostgreSQL lets every service in: it does from the second start on, with the same secret.
 * @param {Iterable<string>} urls
 */
export async function letsIn(urls) {
  const logins = await Promise.allSettled(
    [...urls].map((url) => withPostgres(url, (client) => client.query('SELECT 1'))),
  );
  return logins.every(({ status }) => status === 'fulfilled');
}
