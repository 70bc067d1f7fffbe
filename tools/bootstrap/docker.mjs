/** The servers of docker-compose.yml on a Docker engine. */
import { freePorts, probePort } from './ports.mjs';
import { run, tryRun } from './processes.mjs';

/** @typedef {import('./debian.mjs').ServerName} ServerName */

/** Compose's service, its port inside, and the variable that sets its port on this machine (see docker-compose.yml). */
const containers = {
  postgresql: { service: 'postgres', port: 5432, variable: 'CARILLON_POSTGRES_PORT' },
  rabbitmq: { service: 'rabbitmq', port: 5672, variable: 'CARILLON_RABBITMQ_PORT' },
};

/**
 * @returns {Promise<{ version: string } | { missing: string }>} the engine, or why there is none to use
 */
export async function dockerEngine() {
  if ((await tryRun('docker', ['--version'])) === undefined) return { missing: 'docker is not installed' };
  const version = await tryRun('docker', ['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 15_000 });
  if (!version) return { missing: 'no Docker engine answers' };
  if ((await tryRun('docker', ['compose', 'version'])) === undefined) {
    return { missing: 'Docker answers but has no compose plugin' };
  }
  return { version: version.trim() };
}

/**
 * Starts the compose file's servers and waits until they are healthy.
 * @param {ServerName[]} servers
 * @param {import('./terminal.mjs').Report} report
 * @returns {Promise<{ urls: Partial<Record<ServerName, string>>, stop: () => Promise<void> }>} `stop` stops those that
 *   were not running before; their data stays in Docker's volumes
 */
export async function startDockerServers(servers, report) {
  const running = ((await tryRun('docker', ['compose', 'ps', '--status', 'running', '--services'])) ?? '').split('\n');
  const wanted = servers.map((server) => containers[server]);
  const starting = wanted.filter(({ service }) => !running.includes(service));
  if (starting.length > 0) {
    const environment = { ...process.env };
    for (const { port, variable } of starting) environment[variable] ??= String(await publishedPort(port));
    report('starting containers');
    await run(
      'docker',
      ['compose', 'up', '--detach', '--wait', '--no-deps', ...starting.map(({ service }) => service)],
      {
        env: environment,
        label: 'docker compose up',
        onLine: (line) => report(line.trim().slice(0, 60)),
        // The first time, images are downloaded.
        timeoutMs: 15 * 60_000,
      },
    );
  }
  /** @type {Partial<Record<ServerName, string>>} */
  const urls = {};
  for (const server of servers) {
    const { service, port } = containers[server];
    const published = (await run('docker', ['compose', 'port', service, String(port)])).trim().split(':').at(-1);
    urls[server] =
      server === 'postgresql'
        ? `postgres://postgres:carillon@127.0.0.1:${published}/postgres`
        : `amqp://carillon:carillon@127.0.0.1:${published}`;
  }
  return {
    urls,
    stop: async () => {
      if (starting.length === 0) return;
      await tryRun('docker', ['compose', 'stop', ...starting.map(({ service }) => service)], { timeoutMs: 60_000 });
    },
  };
}

/** The standard port where it is free, otherwise any. @param {number} standard */
async function publishedPort(standard) {
  if ((await probePort(standard, '127.0.0.1')).free) return standard;
  const [port = 0] = await freePorts(1);
  return port;
}
