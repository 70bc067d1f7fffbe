/** Runs the services: starts them, waits until they are ready, restarts what dies, and drains them in order. */
import { get } from 'node:http';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ChildGroup } from './processes.mjs';
import { formatLogLine, isNoise, parseLogLine } from './log-lines.mjs';
import { node24, root } from './workspace.mjs';
import { StartError } from './errors.mjs';

/** @typedef {import('../services.mjs').Service} Service */

/** How long a service may take to become ready. */
const readyWithinMs = 60_000;
/** How long all services together may take to finish what is under way. */
const drainWithinMs = 30_000;
/** How long the next stage waits for one that drains slowly, before it is asked to drain too. */
const drainStageMs = 5_000;
/** Restarts of a service that died: the first soon, then doubling up to the longest. */
const firstRestartMs = 500;
const longestRestartMs = 30_000;
/** Last lines of a service that are shown when it cannot start. */
const shownLines = 20;
/** A service that ran this long counts as healthy: its next restart is soon again. */
const healthyAfterMs = 60_000;

/** @type {import('./terminal.mjs').Style[]} */
const labelStyles = [
  'cyan',
  'magenta',
  'blue',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
];

/**
 * @param {string} name
 * @returns {string} the compiled entry of a service
 */
export function serviceEntry(name) {
  return join(root, 'apps', name, 'dist', 'src', 'main.js');
}

/**
 * @param {number} earlier restarts since it last ran well
 * @returns {number} milliseconds to wait before the next one
 */
export function restartDelay(earlier) {
  return Math.min(longestRestartMs, firstRestartMs * 2 ** earlier);
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isReady(port) {
  return new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/health/ready', timeout: 2_000, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

/** One replica of a service, over all its restarts. */
class Replica {
  /** @type {ChildGroup | undefined} */
  child;
  /** Once all were ready; before that a death is not answered by a restart but ends the start. */
  started = false;
  stopping = false;
  restarts = 0;
  /** Where the replica listens when the system chose: it says so in its line "ready". @type {number | undefined} */
  announcedPort;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #announced = () => {};
  #drained = () => {};
  /** When it has said that it has stopped: its work is done, its process may need another moment to end. */
  drained = new Promise((/** @type {(value: void) => void} */ resolve) => (this.#drained = resolve));

  /**
   * @param {object} options
   * @param {Service} options.service
   * @param {number} options.number from 1
   * @param {string} options.label padded
   * @param {import('./terminal.mjs').Style} options.style
   * @param {number} options.port 0 where the system chooses
   * @param {NodeJS.ProcessEnv} options.environment
   * @param {import('./terminal.mjs').Display} options.display
   */
  constructor({ service, number, label, style, port, environment, display }) {
    this.service = service;
    this.name = number === 1 ? service.name : `${service.name}.${number}`;
    this.label = label;
    this.style = style;
    this.port = port;
    this.environment = environment;
    this.display = display;
  }

  start() {
    const startedAt = Date.now();
    this.announcedPort = undefined;
    // No --enable-source-maps: it makes each service 0.4 s of CPU slower to start, 3 s for all.
    const child = new ChildGroup(node24, [serviceEntry(this.service.name)], {
      env: this.environment,
      onLine: (line) => this.#onLine(line),
    });
    this.child = child;
    void child.exit.then(() => this.#onExit(child, startedAt));
  }

  /** @param {string} line */
  #onLine(line) {
    const fields = parseLogLine(line);
    if (fields?.msg === 'ready' && typeof fields.port === 'number') {
      this.announcedPort = fields.port;
      this.#announced();
    }
    if (fields?.msg === 'stopped') this.#drained();
    if (fields && isNoise(fields, { starting: !this.started })) return;
    this.display.print(formatLogLine(line, { label: this.label, style: this.style, paint: this.display.paint }));
  }

  /** @param {ChildGroup} child @param {number} startedAt */
  #onExit(child, startedAt) {
    if (this.stopping || !this.started) return;
    if (Date.now() - startedAt > healthyAfterMs) this.restarts = 0;
    const wait = restartDelay(this.restarts++);
    const { paint } = this.display;
    this.display.print(
      `${' '.repeat(9)}${paint(this.style, this.label)} ${paint('red', `${this.name} ${describeEnd(child)}`)}; starting it again in ${wait / 1000} s`,
    );
    this.#timer = setTimeout(() => this.start(), wait);
  }

  /** @returns {Promise<void>} when it answers that it is ready */
  async ready() {
    const deadline = Date.now() + readyWithinMs;
    for (;;) {
      const child = this.child;
      if (this.stopping) return;
      if (!child || child.ended) throw this.failure(child, describeEnd(child));
      const port = this.port || this.announcedPort;
      if (port && (await isReady(port)) && !child.ended) return;
      if (Date.now() > deadline) throw this.failure(child, `was not ready within ${readyWithinMs / 1000} s`);
      // Asked at once when it says so itself, otherwise now and then: asking eight services often slows their start.
      await Promise.race([
        new Promise((resolve) => setTimeout(resolve, 500)),
        new Promise((resolve) => (this.#announced = () => resolve(undefined))),
      ]);
    }
  }

  /** @param {ChildGroup | undefined} child @param {string} what */
  failure(child, what) {
    const lines = (child?.lastLines ?? [])
      .slice(-shownLines)
      .map((line) => `    ${formatLogLine(line, { label: this.name, style: this.style, paint: this.display.paint })}`);
    return new StartError([`${this.name} ${what}.${lines.length > 0 ? ' Its last lines:' : ''}`, ...lines].join('\n'));
  }

  /** Asks it to finish what is under way and end. @returns {Promise<unknown>} when it has ended */
  stop() {
    this.stopping = true;
    clearTimeout(this.#timer);
    if (!this.child || this.child.ended) this.#drained();
    else {
      this.child.signal('SIGTERM');
      void this.child.exit.then(this.#drained);
    }
    return this.child?.exit ?? Promise.resolve();
  }

  kill() {
    this.stopping = true;
    clearTimeout(this.#timer);
    this.child?.signal('SIGKILL');
  }
}

/** @param {ChildGroup | undefined} child */
function describeEnd(child) {
  const { code, signal } = child?.ended ?? {};
  return signal ? `was ended by ${signal}` : `ended with exit code ${code ?? 'unknown'}`;
}

/** All replicas of all services. */
export class Supervisor {
  /** @type {Replica[]} */
  #replicas = [];

  /**
   * @param {object} options
   * @param {Service[]} options.services in the order in which they are stopped
   * @param {Map<string, number>} options.scale replicas, where not one
   * @param {(service: Service, replica: number) => { port: number, environment: NodeJS.ProcessEnv }} options.place
   * @param {import('./terminal.mjs').Display} options.display
   */
  constructor({ services, scale, place, display }) {
    this.display = display;
    const labels = new Map(
      services.flatMap(({ name }) =>
        Array.from({ length: scale.get(name) ?? 1 }, (_, index) => [
          `${name} ${index + 1}`,
          (scale.get(name) ?? 1) > 1 ? `${name}.${index + 1}` : name,
        ]),
      ),
    );
    const width = Math.max(...[...labels.values()].map((label) => label.length));
    services.forEach((service, index) => {
      for (let number = 1; number <= (scale.get(service.name) ?? 1); number++) {
        this.#replicas.push(
          new Replica({
            service,
            number,
            label: (labels.get(`${service.name} ${number}`) ?? service.name).padEnd(width),
            style: labelStyles[index % labelStyles.length] ?? 'cyan',
            display,
            ...place(service, number),
          }),
        );
      }
    });
  }

  get count() {
    return this.#replicas.length;
  }

  /**
   * Starts all and waits until all are ready.
   * @param {import('./terminal.mjs').Report} report
   * @throws {StartError} naming the first that died or was not ready in time
   */
  async start(report) {
    for (const { service } of this.#replicas) {
      if (!existsSync(serviceEntry(service.name))) {
        throw new StartError(`apps/${service.name} is not compiled (no dist/src/main.js). Run npm run build.`);
      }
    }
    for (const replica of this.#replicas) replica.start();
    let ready = 0;
    report({ done: 0, total: this.count });
    await Promise.all(
      this.#replicas.map(async (replica) => {
        await replica.ready();
        report({ done: ++ready, total: this.count });
      }),
    );
    for (const replica of this.#replicas) {
      // One may have died after it was ready, while others were not yet.
      if (replica.child?.ended) throw replica.failure(replica.child, describeEnd(replica.child));
      replica.started = true;
    }
  }

  /**
   * Stops the services along the pipeline, each after the one that feeds it.
   * @returns {Promise<string[]>} names of those that had to be ended by force
   */
  async drain() {
    const deadline = Date.now() + drainWithinMs;
    for (const replica of this.#replicas) replica.stopping = true;
    /** @type {Promise<unknown>[]} */
    const ended = [];
    for (const service of new Set(this.#replicas.map((replica) => replica.service))) {
      const replicas = this.#replicas.filter((replica) => replica.service === service);
      ended.push(...replicas.map((replica) => replica.stop()));
      await Promise.race([Promise.all(replicas.map((replica) => replica.drained)), sleep(drainStageMs)]);
    }
    await Promise.race([Promise.all(ended), sleep(Math.max(0, deadline - Date.now()))]);
    const left = this.#replicas.filter(({ child }) => child && !child.ended);
    this.kill();
    await Promise.all(left.map(({ child }) => child?.exit));
    return left.map(({ name }) => name);
  }

  /** Ends all at once. */
  kill() {
    for (const replica of this.#replicas) replica.kill();
  }
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
