/**
 * Finds PostgreSQL and RabbitMQ, in this order for each: the environment, a server that answers on its standard local
 * port with development credentials, a Docker engine, the distribution's packages as private instances.
 */
import { canInstall, installServers, isInstalled, onDebian } from './debian.mjs';
import { dockerEngine, startDockerServers } from './docker.mjs';
import { loginToPostgres, withDatabase } from './postgres.mjs';
import { loginToRabbit } from './rabbitmq.mjs';
import { markRunning } from './development.mjs';
import { startPrivatePostgres } from './private-postgres.mjs';
import { startPrivateRabbit } from './private-rabbitmq.mjs';
import { answers } from './ports.mjs';
import { StartError } from './errors.mjs';

/** @typedef {import('./debian.mjs').ServerName} ServerName */
/** @typedef {'environment'|'local'|'docker'|'private'} Way */

/** @typedef {import('./private-servers.mjs').ServerCommand} ServerCommand */

/**
 * @typedef {object} FoundServer
 * @property {string} url
 * @property {Way} way
 * @property {string} version empty while it is not known yet
 * @property {ServerCommand} [command] of a private RabbitMQ: `rabbitmqctl`, ready to reach it
 */

/**
 * @typedef {object} Servers
 * @property {FoundServer} postgresql up and running; its URL names Carillon's database
 * @property {FoundServer} rabbitmq its address; a private instance may still be coming up
 * @property {Promise<void>} ready when RabbitMQ is up too; rejects when it does not come up
 * @property {() => Promise<void>} stop stops what was started for this run, RabbitMQ and PostgreSQL at once
 */

/** @type {Record<ServerName, { title: string, variable: string, port: number, candidates: string[], refused: string, example: string }>} */
const known = {
  postgresql: {
    title: 'PostgreSQL',
    variable: 'DATABASE_URL',
    port: 5432,
    candidates: ['postgres://postgres@127.0.0.1:5432/postgres', 'postgres://postgres:postgres@127.0.0.1:5432/postgres'],
    refused: 'the user postgres without a password or with "postgres"',
    example: 'postgres://user:password@host:5432/carillon',
  },
  rabbitmq: {
    title: 'RabbitMQ',
    variable: 'AMQP_URL',
    port: 5672,
    candidates: ['amqp://guest:guest@127.0.0.1:5672'],
    refused: 'the user guest with "guest"',
    example: 'amqp://user:password@host:5672',
  },
};

const serverNames = /** @type {ServerName[]} */ (Object.keys(known));

/**
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Way[]} the ways to try, by CARILLON_SERVERS
 * @throws {StartError} when it names none
 */
export function waysToTry(environment) {
  const choice = environment.CARILLON_SERVERS || 'auto';
  if (choice === 'auto') return ['environment', 'local', 'docker', 'private'];
  if (choice === 'local' || choice === 'docker' || choice === 'private') return ['environment', choice];
  throw new StartError(`CARILLON_SERVERS: "${choice}" is not known; use auto, local, docker or private.`);
}

/**
 * @param {string} url
 * @returns {string} `host:port`, never the credentials
 */
export function address(url) {
  const { hostname, port, protocol } = new URL(url);
  const standard = { 'postgres:': '5432', 'postgresql:': '5432', 'amqp:': '5672', 'amqps:': '5671' }[protocol] ?? '';
  return `${hostname}:${port || standard}`;
}

/** @param {ServerName} server @param {string} url */
async function login(server, url) {
  return server === 'postgresql' ? loginToPostgres(url) : { ...(await loginToRabbit(url)), mayCreate: true };
}

/**
 * @param {ServerName} server
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<FoundServer | undefined>}
 * @throws {StartError} when the URL that was given does not work: going on to another server would be a surprise
 */
async function fromEnvironment(server, environment) {
  const { title, variable } = known[server];
  const url = environment[variable];
  if (!url) return undefined;
  const protocols = server === 'postgresql' ? ['postgres:', 'postgresql:'] : ['amqp:', 'amqps:'];
  if (!URL.canParse(url) || !protocols.includes(new URL(url).protocol)) {
    throw new StartError(`${variable} must be a URL such as ${known[server].example}`);
  }
  try {
    const { version } = await login(server, url);
    return { url, way: 'environment', version };
  } catch (error) {
    const { code, message } = /** @type {{ code?: string, message: string }} */ (error);
    // invalid_catalog_name: we are let in, and the database is made by the migrations.
    if (code === '3D000') return { url, way: 'environment', version: '' };
    throw new StartError(
      `${variable} is set, but ${title} at ${address(url)} cannot be used: ${message || code}.\n` +
        `Correct ${variable}, or unset it to let Carillon look for a server.`,
    );
  }
}

/**
 * @param {ServerName} server
 * @returns {Promise<FoundServer | string>} the server, or why there is none
 */
async function onStandardPort(server) {
  const { title, port, candidates, refused } = known[server];
  if (!(await answers(port))) return `nothing answers on 127.0.0.1:${port}`;
  for (const url of candidates) {
    try {
      const { version, mayCreate } = await login(server, url);
      if (mayCreate) return { url, way: 'local', version };
    } catch {
      // The next candidate, then the reason below.
    }
  }
  return `${title} on 127.0.0.1:${port} does not accept ${refused}`;
}

/** One search for both servers: what is found, what must be stopped, and why the ways that failed did. */
class Search {
  /** @type {Map<ServerName, FoundServer>} */
  found = new Map();
  /** @type {string[]} */
  reasons = [];
  /** @type {(() => Promise<void>)[]} */
  #stops = [];
  /** @type {Promise<void>[]} */
  #pending = [];

  /**
   * @param {NodeJS.ProcessEnv} environment
   * @param {string[]} folder of private instances
   * @param {import('./terminal.mjs').Report} report
   */
  constructor(environment, folder, report) {
    this.environment = environment;
    this.folder = folder;
    this.report = report;
  }

  get missing() {
    return serverNames.filter((server) => !this.found.has(server));
  }

  async environmentWay() {
    for (const server of this.missing) {
      const result = await fromEnvironment(server, this.environment);
      if (result) this.found.set(server, result);
    }
  }

  async localWay() {
    await Promise.all(
      this.missing.map(async (server) => {
        const result = await onStandardPort(server);
        if (typeof result === 'string') this.reasons.push(result);
        else this.found.set(server, result);
      }),
    );
  }

  async dockerWay() {
    const engine = await dockerEngine();
    if ('missing' in engine) {
      this.reasons.push(engine.missing);
      return;
    }
    const { urls, stop } = await startDockerServers(this.missing, this.report);
    this.#stops.push(stop);
    for (const server of this.missing) {
      const url = urls[server];
      if (url) this.found.set(server, { url, way: 'docker', version: (await login(server, url)).version });
    }
  }

  async privateWay() {
    const toInstall = this.missing.filter((server) => !isInstalled(server));
    if (toInstall.length > 0) {
      if (await canInstall()) await installServers(toInstall, this.report);
      else {
        this.reasons.push(onDebian() ? 'packages need root or passwordless sudo' : 'this is not Debian or Ubuntu');
      }
    }
    const startable = this.missing.filter(isInstalled);
    if (startable.length === 0) return;
    const other = markRunning(['private-servers', ...this.folder].join('-'));
    if (other) {
      throw new StartError(
        `Process ${other.pid} uses the private servers in .carillon/${this.folder.join('/')} right now.\n` +
          'Wait until it has ended, or give DATABASE_URL and AMQP_URL to use other servers.',
      );
    }
    this.report(`starting private ${startable.map((server) => known[server].title).join(' and ')}`);
    // All are waited for also when one fails: the other one must be known to be stopped.
    const results = await Promise.allSettled(
      startable.map(async (server) => {
        const { ready, stop, ...started } = await startPrivate[server]([...this.folder, server]);
        this.#stops.push(stop);
        /** @type {FoundServer} */
        const found = { ...started, way: 'private', version: '' };
        this.found.set(server, found);
        this.#pending.push(ready.then((version) => void (found.version = version)));
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Resolves when every server that was found is up. */
  async ready() {
    await Promise.all(this.#pending);
  }

  async stop() {
    await Promise.all(this.#stops.splice(0).map((end) => end()));
  }
}

const startPrivate = { postgresql: startPrivatePostgres, rabbitmq: startPrivateRabbit };

/**
 * Finds both servers, starting them where needed.
 * @param {object} options
 * @param {import('./terminal.mjs').Display} options.display
 * @param {string} options.database the database of the resulting URL, except where DATABASE_URL names one
 * @param {string[]} options.folder where private instances keep their data, below `.carillon/`
 * @param {NodeJS.ProcessEnv} [options.environment]
 * @returns {Promise<Servers>} once PostgreSQL is up and RabbitMQ's address is known
 * @throws {StartError} with the ways out when there is none
 */
export async function findServers({ display, database, folder, environment = process.env }) {
  const ways = waysToTry(environment);
  return new Promise((resolve, reject) => {
    const ready = display.step(
      'servers',
      async (report) => {
        const search = new Search(environment, folder, report);
        try {
          for (const way of ways) if (search.missing.length > 0) await search[`${way}Way`]();
          if (search.missing.length > 0) throw new StartError(noServers(search.missing, search.reasons));
        } catch (error) {
          await search.stop();
          throw error;
        }
        const postgresql = /** @type {FoundServer} */ (search.found.get('postgresql'));
        const rabbitmq = /** @type {FoundServer} */ (search.found.get('rabbitmq'));
        if (postgresql.way !== 'environment') postgresql.url = withDatabase(postgresql.url, database);
        // `ready` is this step itself; it is there by the time anybody reads it.
        setImmediate(() => resolve({ postgresql, rabbitmq, ready: ready.then(() => {}), stop: () => search.stop() }));
        await search.ready();
        return search.found;
      },
      (found) =>
        serverNames
          .map((server) => describeServer(known[server].title, /** @type {FoundServer} */ (found.get(server))))
          .join(', '),
    );
    ready.catch(reject);
  });
}

/** @type {Record<Way, string>} */
const wayNames = {
  environment: 'from the environment',
  local: 'already running here',
  docker: 'in Docker',
  private: 'private instance',
};

/** @param {string} title @param {FoundServer} server */
function describeServer(title, { version, url, way }) {
  return `${title}${version ? ` ${version}` : ''} at ${address(url)} (${wayNames[way]})`;
}

/**
 * @param {ServerName[]} servers
 * @param {string[]} reasons
 */
function noServers(servers, reasons) {
  const titles = servers.map((server) => known[server].title).join(' and ');
  const urls = servers.map((server) => `${known[server].variable}=${known[server].example}`).join(' ');
  return [
    `No ${titles} to work with${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}.`,
    '',
    'Three ways out, any of them will do:',
    `  1. Say where your own servers are:   ${urls} npm start`,
    '  2. Start a Docker engine (with the compose plugin), then run this again.',
    '  3. On Debian or Ubuntu run this as root or with passwordless sudo: it installs',
    '     the packages postgresql and rabbitmq-server and starts private instances under .carillon/.',
  ].join('\n');
}
