/** A PostgreSQL of our own, started from the distribution's programs: loopback only, password required, data kept. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { postgresPrograms } from './debian.mjs';
import { accountFolder, serverAccount } from './server-account.mjs';
import { didNotStart, serverPassword, startServer } from './private-servers.mjs';
import { freePorts } from './ports.mjs';
import { run } from './processes.mjs';
import { waitForPostgres } from './postgres.mjs';
import { StartError } from './errors.mjs';

/**
 * @param {string[]} path its folder below `.carillon/`
 * @returns {Promise<import('./private-servers.mjs').PrivateServer>}
 */
export async function startPrivatePostgres(path) {
  const account = await serverAccount('postgres');
  const folder = await accountFolder(account, path);
  const data = join(folder, 'data');
  const programs = programsFor(data);
  const password = serverPassword(folder, account);
  if (!existsSync(join(data, 'PG_VERSION'))) {
    await run(
      join(programs, 'initdb'),
      [
        '-D',
        data,
        '-U',
        'postgres',
        '-A',
        'scram-sha-256',
        `--pwfile=${join(folder, 'password')}`,
        '-E',
        'UTF8',
        '--locale=C.UTF-8',
      ],
      { ...account, cwd: folder, label: 'initdb' },
    );
  }
  const [port = 0] = await freePorts(1);
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // Clients come over loopback; a socket in a long path could exceed the system's limit of some 100 characters.
    unix_socket_directories: '',
    // Room for the suite (under 60), replicas of it, and tests beside it.
    max_connections: '200',
  };
  const server = await startServer(
    join(programs, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // SIGINT is PostgreSQL's "fast shutdown": it ends sessions instead of waiting for them.
    { ...account, cwd: folder, endSignal: 'SIGINT' },
  );
  const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  const login = await waitForPostgres(url, () => !server.ended, 60_000);
  if (!login) {
    await server.end({ withinMs: 5_000 });
    throw didNotStart('The private PostgreSQL', server, folder);
  }
  return {
    url,
    ready: Promise.resolve(login.version),
    stop: async () => {
      await server.end({ withinMs: 20_000, leaderOnly: true });
    },
  };
}

/**
 * The programs of the version that made the data: another major version cannot read it.
 * @param {string} data
 * @returns {string}
 */
function programsFor(data) {
  const newest = postgresPrograms() ?? '';
  const versionFile = join(data, 'PG_VERSION');
  if (!existsSync(versionFile)) return newest;
  const version = readFileSync(versionFile, 'utf8').trim();
  const programs = `/usr/lib/postgresql/${version}/bin`;
  if (existsSync(join(programs, 'postgres'))) return programs;
  throw new StartError(
    `${data} was made by PostgreSQL ${version}, which is no longer installed.\n` +
      `Install it (apt-get install postgresql-${version}), or remove the folder to begin with an empty database.`,
  );
}
