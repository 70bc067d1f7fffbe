/** What a test run left behind on the servers: found by the run's id, which every name of a test carries. */
import { existsSync } from 'node:fs';
import { withPostgres } from './postgres.mjs';
import { tryRun } from './processes.mjs';

/** @typedef {'database' | 'role' | 'queue' | 'exchange'} Kind */
/** @typedef {{ kind: Kind, name: string }} Leftover */

/** How long looking may take; a server that answers no more must not keep the run from ending. */
const lookForMs = 60_000;

/**
 * Finds databases, roles, queues and exchanges of a run and removes them.
 * @param {import('./servers.mjs').Servers} servers
 * @param {string} runId
 * @returns {Promise<{ leftovers: Leftover[], unchecked: string[] }>} `unchecked` says what could not be looked for
 */
export async function removeLeftovers({ postgresql, rabbitmq }, runId) {
  const [inDatabase, inBroker] = await Promise.all([
    withinTime(removeFromPostgres(postgresql.url, runId)),
    withinTime(removeFromRabbit(rabbitmq, runId)),
  ]);
  return {
    leftovers: [...(inDatabase ?? []), ...(inBroker ?? [])],
    unchecked: [
      ...(inDatabase ? [] : ['databases and roles (PostgreSQL did not answer in time)']),
      ...(inBroker ? [] : ['queues and exchanges (RabbitMQ lists them only to rabbitmqctl and its management API)']),
    ],
  };
}

/**
 * @template T
 * @param {Promise<T>} work
 * @returns {Promise<T | undefined>}
 */
async function withinTime(work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, lookForMs, undefined)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} url @param {string} runId @returns {Promise<Leftover[]>} */
async function removeFromPostgres(url, runId) {
  return withPostgres(url, async (client) => {
    const of = async (/** @type {Kind} */ kind, /** @type {string} */ sql) =>
      (await client.query(sql, [`%\\_${runId}%`])).rows.map(({ name }) => /** @type {Leftover} */ ({ kind, name }));
    const databases = await of('database', 'SELECT datname AS name FROM pg_database WHERE datname LIKE $1 ORDER BY 1');
    for (const { name } of databases) {
      await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
    }
    const roles = await of('role', 'SELECT rolname AS name FROM pg_roles WHERE rolname LIKE $1 ORDER BY 1');
    for (const { name } of roles) await client.query(`DROP ROLE IF EXISTS ${client.escapeIdentifier(name)}`);
    return [...databases, ...roles];
  });
}

/**
 * @param {import('./servers.mjs').FoundServer} rabbitmq
 * @param {string} runId
 * @returns {Promise<Leftover[] | undefined>} undefined when the broker's names cannot be listed
 */
async function removeFromRabbit(rabbitmq, runId) {
  const names = (await namesByManagement(rabbitmq.url)) ?? (await namesByCommand(rabbitmq));
  if (!names) return undefined;
  const leftovers = names.filter(({ name }) => name.includes(`_${runId}`));
  if (leftovers.length === 0) return [];
  const { connect } = await import('amqplib');
  const connection = await connect(rabbitmq.url, { timeout: 3_000 });
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  for (const { kind, name } of leftovers) {
    if (kind === 'queue') await channel.deleteQueue(name);
    else await channel.deleteExchange(name);
  }
  await connection.close();
  return leftovers;
}

/**
 * The management plugin's HTTP API, which many brokers have on port 15672 and which knows the same credentials.
 * @param {string} amqpUrl
 * @returns {Promise<Leftover[] | undefined>}
 */
async function namesByManagement(amqpUrl) {
  const { hostname, username, password } = new URL(amqpUrl);
  const credentials = `${decodeURIComponent(username || 'guest')}:${decodeURIComponent(password || 'guest')}`;
  const list = async (/** @type {'queue'|'exchange'} */ kind) => {
    const response = await fetch(`http://${hostname}:15672/api/${kind}s?columns=name&disable_stats=true`, {
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`management API: ${response.status}`);
    const rows = /** @type {{ name: string }[]} */ (await response.json());
    return rows.map(({ name }) => ({ kind, name }));
  };
  try {
    return (await Promise.all([list('queue'), list('exchange')])).flat();
  } catch {
    return undefined;
  }
}

/**
 * The command of the broker on this machine or in Docker.
 * @param {import('./servers.mjs').FoundServer} rabbitmq
 * @returns {Promise<Leftover[] | undefined>}
 */
async function namesByCommand({ way, command, url }) {
  // The distribution's command reaches the distribution's instance, on the standard port.
  const { hostname, port } = new URL(url);
  const standard = ['127.0.0.1', 'localhost'].includes(hostname) && ['', '5672'].includes(port);
  const run = async (/** @type {string[]} */ args) => {
    if (way === 'docker') {
      return tryRun('docker', ['compose', 'exec', '-T', 'rabbitmq', 'rabbitmqctl', ...args], { timeoutMs: 30_000 });
    }
    if (command) return tryRun(command.program, args, { ...command.options, timeoutMs: 30_000 });
    return standard && existsSync('/usr/sbin/rabbitmqctl')
      ? tryRun('/usr/sbin/rabbitmqctl', args, { timeoutMs: 30_000 })
      : undefined;
  };
  const list = async (/** @type {'queue'|'exchange'} */ kind) => {
    const output = await run(['--quiet', '--no-table-headers', `list_${kind}s`, 'name']);
    return output
      ?.split('\n')
      .filter(Boolean)
      .map((name) => ({ kind, name: name.trim() }));
  };
  const [queues, exchanges] = await Promise.all([list('queue'), list('exchange')]);
  return queues && exchanges ? [...queues, ...exchanges] : undefined;
}
