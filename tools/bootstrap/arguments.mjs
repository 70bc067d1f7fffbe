/** What may follow `npm start --`. */
import { parseArgs } from 'node:util';
import { StartError } from './errors.mjs';

/**
 * @typedef {object} StartArguments
 * @property {boolean} help
 * @property {number | undefined} port the gateway's; all other ports of the suite shift with it
 * @property {Map<string, number>} scale replicas per service, where not one; 0 leaves it out
 * @property {boolean} build whether to compile first
 */

/** @typedef {Pick<import('../services.mjs').Service, 'name' | 'mostReplicas'>} Scalable */

/**
 * @param {string[]} args
 * @param {Scalable[]} services
 * @returns {StartArguments}
 * @throws {StartError} that names the wrong argument and what is allowed
 */
export function parseStartArguments(args, services) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        port: { type: 'string' },
        scale: { type: 'string', multiple: true, default: [] },
        'no-build': { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new StartError(`${/** @type {Error} */ (error).message}\nSee npm start -- --help`);
  }
  /** @type {Map<string, number>} */
  const scale = new Map();
  for (const entry of values.scale.flatMap((list) => list.split(','))) {
    const [name = '', count = ''] = entry.split('=');
    const service = services.find((known) => known.name === name);
    if (!service) {
      throw new StartError(
        `--scale ${entry}: there is no service "${name}". Use one of ${services.map((known) => known.name).join(', ')}.`,
      );
    }
    const most = service.mostReplicas;
    if (!/^\d+$/.test(count) || Number(count) > most) {
      throw new StartError(
        `--scale ${entry}: ${name} runs with ${most === 1 ? '0 or 1 replica' : `0 to ${most} replicas`}, as in --scale ${name}=${Math.min(3, most)}.`,
      );
    }
    scale.set(name, Number(count));
  }
  return {
    help: values.help,
    port: values.port === undefined ? undefined : parsePort('--port', values.port),
    scale,
    build: !values['no-build'],
  };
}

/**
 * @param {string} source the option or variable it came from, for the error
 * @param {string} text
 * @returns {number}
 */
export function parsePort(source, text) {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new StartError(`${source}: "${text}" is not a port; use a number from 1 to 65535.`);
}

/** @param {Scalable[]} services */
export function startHelp(services) {
  return `Starts all of Carillon on this machine: packages, servers, migrations, services.

Usage: npm start [-- options]

  --port <n>             port of the API (3000); all other ports of the suite shift by the same amount
  --scale <service>=<n>  run n replicas of a service, 0 to leave it out; may be repeated
                         (${services.map(({ name }) => name).join(', ')})
  --no-build             use what is compiled already
  -h, --help             this text

Environment:
  DATABASE_URL, AMQP_URL   your own PostgreSQL and RabbitMQ, instead of looking for them
  CARILLON_SERVERS         auto (default), local, docker or private: where to look for servers
  GATEWAY_PORT, INBOX_PORT, …  one service's port; docs/running.md lists all of them

Stop with Ctrl-C: what is under way is finished first. A second Ctrl-C ends everything at once.`;
}
