/** The whole of `npm start`, in order. */
import { parseStartArguments, startHelp } from './arguments.mjs';
import {
  developmentApiKey,
  installationSecret,
  markRunning,
  runningInstance,
  writeDevelopment,
  writeServers,
} from './development.mjs';
import { listenHost, portClashes, portOf, portTable, serviceEnvironment } from './environment.mjs';
import { StartError } from './errors.mjs';
import { onInterruption } from './interruption.mjs';
import { letsIn, migrate, serviceDatabaseUrls } from './migrations.mjs';
import { prepare } from './prepare.mjs';
import { findHolder, probePort } from './ports.mjs';
import { endEverything } from './processes.mjs';
import { Supervisor } from './supervisor.mjs';
import { Display, duration, table } from './terminal.mjs';
import { stateFile } from './workspace.mjs';
import { services } from '../services.mjs';

/** @typedef {import('./environment.mjs').PortRow} PortRow */
/** @typedef {import('./servers.mjs').Servers} Servers */

/** The database that Carillon makes for itself where DATABASE_URL names none. */
const databaseName = 'carillon';

/**
 * Runs until it is told to stop; ends the process itself: 0 after an orderly stop, 1 when the start failed, 130 when
 * it was interrupted before everything was up.
 * @param {string[]} args what follows `npm start --`
 */
export async function startSuite(args) {
  const display = new Display();
  const suite = new Suite(display);
  try {
    const options = parseStartArguments(args, services);
    if (options.help) {
      display.print(startHelp(services));
      return;
    }
    onInterruption({
      onFirst: (reason) => void suite.stop(reason),
      onSecond: () => void suite.kill(),
    });
    await suite.start(options);
  } catch (error) {
    if (suite.stopping) return;
    display.stop();
    const { message, stack } = /** @type {Error} */ (error);
    display.print(
      `\n${display.paint('red', 'Carillon could not start.')}\n${error instanceof StartError ? message : stack}`,
    );
    await suite.abandon();
    process.exit(1);
  }
}

class Suite {
  stopping = false;
  #up = false;
  /** @type {Supervisor | undefined} */
  #supervisor;
  /** @type {Servers | undefined} */
  #servers;

  /** @param {Display} display */
  constructor(display) {
    this.display = display;
  }

  /** @param {import('./arguments.mjs').StartArguments} options */
  async start({ port, scale, build: compile }) {
    const began = Date.now();
    const { display } = this;
    const environment = process.env;
    const ports = portTable(services, { port, environment });
    const gatewayUrl = `http://127.0.0.1:${portOf(portTable(services, { port, environment }), 'gateway')}`;

    const running = runningInstance('start');
    if (running) throw alreadyRunning(running);
    await ensurePortsAreFree(ports, listenHost(environment));
    const other = markRunning('start', { url: gatewayUrl });
    if (other) throw alreadyRunning(other);

    display.print(display.paint('bold', 'Carillon'));
    const servers = await prepare({
      display,
      database: databaseName,
      folder: [],
      compile,
      onServers: (found) => (this.#servers = found),
    });
    const { postgresql, rabbitmq } = servers;
    const secret = environment.CARILLON_SECRET || installationSecret();

    const databaseOptions = { adminUrl: postgresql.url, secret };
    const withDatabase = services.filter(({ database }) => database).map(({ name }) => name);
    const databaseUrls = await serviceDatabaseUrls(withDatabase, databaseOptions);
    const apiKey = environment.DEV_API_KEY || developmentApiKey();
    const mailboxUrl = `http://127.0.0.1:${portOf(ports, 'mailbox')}`;
    const addresses = {
      gatewayUrl,
      mailboxUrl,
      mailboxPort: portOf(ports, 'mailbox'),
      smtpPort: portOf(ports, 'mailbox', 'smtp'),
      host: listenHost(environment),
      apiKey,
    };
    const supervisor = new Supervisor({
      services,
      scale,
      display,
      place: (service, replica) => {
        const own = replica === 1 ? portOf(ports, service.name) : 0;
        return {
          port: own,
          environment: serviceEnvironment(service, {
            addresses,
            port: own,
            databaseUrl: databaseUrls.get(service.name),
            amqpUrl: rabbitmq.url,
            secret,
            compileCache: stateFile('compile-cache'),
            environment,
          }),
        };
      },
    });
    this.#supervisor = supervisor;
    if (this.stopping) return;
    const migrations = display.step(
      'migrations',
      () => migrate(databaseOptions),
      (done) => done,
    );
    // Services wait for missing migrations and for a broker that is still coming up, but not for a role to log in with.
    if (!(await letsIn(databaseUrls.values()))) await migrations;
    if (this.stopping) return;
    await Promise.all([
      migrations,
      servers.ready,
      display.step(
        'services',
        (report) => supervisor.start(report),
        () => `${supervisor.count} ready`,
      ),
    ]);
    if (this.stopping) return;
    this.#up = true;

    const adminUrl = (await answersAt(`${gatewayUrl}/admin`)) ? `${gatewayUrl}/admin` : null;
    writeDevelopment({ url: gatewayUrl, api_key: apiKey, admin_url: adminUrl, mailbox_url: mailboxUrl });
    writeServers({
      amqp_url: rabbitmq.url,
      amqp_prefix: environment.CARILLON_AMQP_PREFIX || 'carillon',
      database_url: postgresql.url,
    });
    const { paint } = display;
    display.print();
    display.print(`  ${paint('green', 'Carillon is ready')} ${paint('gray', `after ${duration(Date.now() - began)}`)}`);
    display.print();
    display.print(
      table([
        ['API', `${gatewayUrl}/v1`],
        ['Docs', `${gatewayUrl}/docs`],
        ...(adminUrl ? [['Console', adminUrl]] : []),
        ['Mailbox', mailboxUrl],
        ['API key', apiKey],
      ]),
    );
    display.print();
    display.print(paint('gray', '  npm run demo sends a few events. Ctrl-C stops everything.'));
    display.print();
  }

  /** Drains the services, then stops the servers. @param {string} reason */
  async stop(reason) {
    this.stopping = true;
    const { display } = this;
    display.stop();
    const began = Date.now();
    display.print(
      `\n${display.paint('bold', 'Stopping')} (${reason}): finishing what is under way; Ctrl-C again ends it at once`,
    );
    const forced = (await this.#supervisor?.drain()) ?? [];
    if (forced.length > 0) display.print(display.paint('yellow', `Ended by force after 30 s: ${forced.join(', ')}`));
    await this.#servers?.stop();
    await endEverything();
    display.print(`Stopped in ${duration(Date.now() - began)}; nothing is left running.`);
    process.exit(this.#up ? 0 : 130);
  }

  /** Ends everything at once. */
  async kill() {
    this.display.print(this.display.paint('yellow', 'Ending everything at once'));
    this.#supervisor?.kill();
    await endEverything({ force: true });
    process.exit(this.#up ? 0 : 130);
  }

  /** Ends what a start that failed has begun. */
  async abandon() {
    this.stopping = true;
    this.#supervisor?.kill();
    await this.#servers?.stop();
    await endEverything();
  }
}

/**
 * Whether the gateway serves the admin console.
 * @param {string} url
 */
async function answersAt(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** @param {{ pid: number, url?: string }} running */
function alreadyRunning({ pid, url }) {
  return new StartError(
    `Carillon is running already${url ? ` at ${url}` : ''} (process ${pid}, started from this folder).\n` +
      `Stop it with Ctrl-C in its terminal, or with: kill ${pid}`,
  );
}

/**
 * @param {PortRow[]} ports
 * @param {string} host
 * @throws {StartError} naming every port that is taken, by whom, and how to change it
 */
async function ensurePortsAreFree(ports, host) {
  const [clash] = portClashes(ports);
  if (clash) {
    const [one, two] = clash;
    throw new StartError(`${one.variable} and ${two.variable} are both ${one.port}; give them different ports.`);
  }
  const lines = await Promise.all(
    ports.map(async ({ service, protocol, port, variable }) => {
      const probe = await probePort(port, host);
      if (probe.free) return [];
      const what = `Port ${port}, which ${service} needs${protocol === 'smtp' ? ' for SMTP' : ''},`;
      const cure = `Choose another with ${variable}=<port> npm start`;
      if (probe.code !== 'EADDRINUSE') return [`${what} cannot be listened on (${probe.code}). ${cure}`];
      const holder = await findHolder(port);
      return [
        `${what} is in use${holder ? ` by process ${holder.pid}: ${holder.command}` : ''}${holder?.folder ? ` (in ${holder.folder})` : ''}.\n  ${cure}`,
      ];
    }),
  );
  const taken = lines.flat();
  if (taken.length > 0) {
    const elsewhere = portOf(ports, 'gateway') + 1_000;
    throw new StartError(`${taken.join('\n')}\nOr move all ports at once: npm start -- --port ${elsewhere}`);
  }
}
