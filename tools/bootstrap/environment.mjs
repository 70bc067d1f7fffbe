/** Which port each service gets and which environment it runs in. Pure: the environment comes in as an argument. */
import { isIP } from 'node:net';
import { parsePort } from './arguments.mjs';

/** @typedef {import('../services.mjs').Service} Service */

/**
 * @typedef {object} PortRow
 * @property {string} service
 * @property {'http'|'smtp'} protocol
 * @property {number} port
 * @property {string} variable the environment variable that changes it
 */

/**
 * @param {Pick<Service, 'name' | 'smtpPort'>} service
 * @param {'http'|'smtp'} protocol
 * @returns {string} e.g. `EMAIL_SENDER_PORT`; a service with two ports names the protocol: `MAILBOX_SMTP_PORT`
 */
export function portVariable({ name, smtpPort }, protocol) {
  const prefix = name.toUpperCase().replaceAll('-', '_');
  return smtpPort === undefined ? `${prefix}_PORT` : `${prefix}_${protocol.toUpperCase()}_PORT`;
}

/**
 * All ports of the suite. `--port` moves the gateway there and every other port by the same amount; a variable of its
 * own wins over both.
 * @param {Service[]} services
 * @param {{ port?: number, environment: NodeJS.ProcessEnv }} options
 * @returns {PortRow[]}
 */
export function portTable(services, { port, environment }) {
  const shift = port === undefined ? 0 : port - (services.find(({ name }) => name === 'gateway')?.port ?? port);
  return services.flatMap((service) =>
    /** @type {['http'|'smtp', number | undefined][]} */ ([
      ['http', service.port],
      ['smtp', service.smtpPort],
    ]).flatMap(([protocol, standard]) => {
      if (standard === undefined) return [];
      const variable = portVariable(service, protocol);
      const given = environment[variable];
      const moved = given
        ? parsePort(variable, given)
        : parsePort(`--port ${port}, ${variable}`, String(standard + shift));
      return [{ service: service.name, protocol, port: moved, variable }];
    }),
  );
}

/**
 * @param {PortRow[]} table
 * @param {string} service
 * @param {'http'|'smtp'} [protocol]
 */
export function portOf(table, service, protocol = 'http') {
  const row = table.find((entry) => entry.service === service && entry.protocol === protocol);
  if (!row) throw new Error(`no ${protocol} port for ${service}`);
  return row.port;
}

/**
 * Pairs of services that were given the same port.
 * @param {PortRow[]} table
 * @returns {[PortRow, PortRow][]}
 */
export function portClashes(table) {
  return table.flatMap((row, index) =>
    table
      .slice(index + 1)
      .filter(({ port }) => port === row.port)
      .map((other) => /** @type {[PortRow, PortRow]} */ ([row, other])),
  );
}

/**
 * Where services listen: loopback, unless HOST says otherwise. Some shells and tools set HOST to the machine's name or
 * even its compiler's target, so it counts only when it is an address.
 * @param {NodeJS.ProcessEnv} environment
 */
export function listenHost(environment) {
  const host = environment.HOST ?? '';
  return isIP(host) || host === 'localhost' ? host : '127.0.0.1';
}

/**
 * The environment of one service. What the user set wins over every default, except what must differ per service:
 * its port (which has a variable of its own) and its database role.
 * @param {Service} service
 * @param {object} suite
 * @param {import('../services.mjs').SuiteAddresses} suite.addresses
 * @param {number} suite.port 0 lets the system choose
 * @param {string | undefined} suite.databaseUrl with the service's own role
 * @param {string} suite.amqpUrl
 * @param {string} suite.secret
 * @param {string} suite.compileCache folder
 * @param {NodeJS.ProcessEnv} suite.environment the user's
 * @returns {NodeJS.ProcessEnv}
 */
export function serviceEnvironment(
  service,
  { addresses, port, databaseUrl, amqpUrl, secret, compileCache, environment },
) {
  // The admin's URL may do more than the service may; it is replaced, or removed where none is needed.
  const { DATABASE_URL: _admin, ...user } = environment;
  return {
    NODE_ENV: 'development',
    NODE_COMPILE_CACHE: compileCache,
    CARILLON_AMQP_PREFIX: 'carillon',
    CARILLON_SECRET: secret,
    // Emails are read on this machine, in the mailbox.
    PUBLIC_URL: addresses.gatewayUrl,
    ...service.settings?.(addresses),
    ...user,
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    AMQP_URL: amqpUrl,
    HOST: listenHost(environment),
    PORT: String(port),
  };
}
