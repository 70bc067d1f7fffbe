/** What every command needs before its own work: packages, servers, compiled code. */
import { build, ensurePackages } from './packages.mjs';
import { findServers } from './servers.mjs';

/**
 * @param {object} options
 * @param {import('./terminal.mjs').Display} options.display
 * @param {string} options.database the database of the resulting URL, except where DATABASE_URL names one
 * @param {string[]} options.folder where private servers keep their data, below `.carillon/`
 * @param {boolean} [options.compile] whether to build
 * @param {(servers: import('./servers.mjs').Servers) => void} options.onServers called as soon as they are there, so that
 *   they can be stopped when the build fails
 * @returns {Promise<import('./servers.mjs').Servers>}
 */
export async function prepare({ display, database, folder, compile = true, onServers }) {
  await ensurePackages(display);
  // A private RabbitMQ takes seconds to come up; the build runs meanwhile.
  const [servers, built] = await Promise.allSettled([
    findServers({ display, database, folder }).then((found) => {
      onServers(found);
      return found;
    }),
    compile ? build(display) : undefined,
  ]);
  if (servers.status === 'rejected') throw servers.reason;
  if (built.status === 'rejected') throw built.reason;
  return servers.value;
}
