/**
 * Child processes. Each runs in a process group of its own: Ctrl-C at the terminal then reaches only the bootstrap,
 * which ends its children in the right order, and a child's own children end with it.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { root } from './workspace.mjs';
import { StartError } from './errors.mjs';

/** Everything that runs now. @type {Set<ChildGroup>} */
const running = new Set();

/** How many of its last lines are kept to explain a process that failed. */
const keptLines = 40;

/**
 * @typedef {object} StartOptions
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd] the checkout's root unless given
 * @property {number} [uid] run as this user
 * @property {number} [gid] run as this group
 * @property {'service'|'server'} [kind] servers are ended after services when the bootstrap is killed
 * @property {NodeJS.Signals} [endSignal] what ends it in order; SIGTERM unless given
 * @property {(line: string) => void} [onLine] receives each line of its output as it comes
 * @property {'lines'|'inherit'} [output] `inherit` gives it the terminal for its output instead
 */

/** One running child and what it leads. */
export class ChildGroup {
  /** Its last lines of output. @type {string[]} */
  lastLines = [];
  /** @type {{ code: number | null, signal: NodeJS.Signals | null } | undefined} */
  ended;

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {StartOptions} [options]
   */
  constructor(command, args, options = {}) {
    this.command = [command, ...args].join(' ');
    this.endSignal = options.endSignal ?? 'SIGTERM';
    this.kind = options.kind ?? 'service';
    const inherit = options.output === 'inherit';
    this.process = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: options.env ?? process.env,
      detached: true,
      stdio: inherit ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid }),
    });
    this.pid = this.process.pid;
    if (this.pid) guardian.add(this.kind, this.pid, this.endSignal);
    running.add(this);

    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
        this.lastLines.push(line);
        if (this.lastLines.length > keptLines) this.lastLines.shift();
        options.onLine?.(line);
      });
    }

    /** Resolves when the process has ended and its output is read. @type {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} */
    this.exit = new Promise((resolve) => {
      this.process.once('error', (error) => {
        this.lastLines.push(error.message);
        this.#settle({ code: 127, signal: null }, resolve);
      });
      this.process.once('exit', (code, signal) => {
        // A grandchild may hold the pipes open after the process is gone; its output is not waited for.
        const settle = () => this.#settle({ code, signal }, resolve);
        this.process.once('close', settle);
        setTimeout(settle, 500).unref();
      });
    });
  }

  /** @param {{ code: number | null, signal: NodeJS.Signals | null }} ended @param {(value: any) => void} resolve */
  #settle(ended, resolve) {
    if (this.ended) return;
    this.ended = ended;
    running.delete(this);
    // Whatever it started and left behind goes with it.
    this.signal('SIGKILL');
    if (this.pid) guardian.remove(this.pid);
    resolve(ended);
  }

  /**
   * @param {NodeJS.Signals} signal to the process and everything it started
   * @returns {boolean} whether there was anything to send it to
   */
  signal(signal) {
    if (!this.pid) return false;
    try {
      process.kill(-this.pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Ends it in order, and by force when that takes too long.
   * @param {{ withinMs?: number, leaderOnly?: boolean }} [options] `leaderOnly` for a process that passes the signal on itself
   * @returns {Promise<boolean>} whether it ended without force
   */
  async end({ withinMs = 30_000, leaderOnly = false } = {}) {
    if (this.ended) return true;
    if (leaderOnly) this.process.kill(this.endSignal);
    else this.signal(this.endSignal);
    let forced = false;
    const timer = setTimeout(() => {
      forced = true;
      this.signal('SIGKILL');
    }, withinMs);
    await this.exit;
    clearTimeout(timer);
    return !forced;
  }
}

/** Tells guardian.sh what runs; starts it with the first process. */
const guardian = {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  process: undefined,

  /** @param {'service'|'server'} kind @param {number} pid @param {NodeJS.Signals} signal */
  add(kind, pid, signal) {
    if (!this.process) {
      this.process = spawn('/bin/sh', [fileURLToPath(new URL('guardian.sh', import.meta.url))], {
        detached: true,
        cwd: '/',
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      this.process.on('error', () => {});
      this.process.stdin?.on('error', () => {});
      // It must not keep the bootstrap alive: it ends when the bootstrap does.
      this.process.unref();
      /** @type {any} */ (this.process.stdin)?.unref?.();
    }
    this.process.stdin?.write(`add ${kind} ${pid} ${signal.slice(3)}\n`);
  },

  /** @param {number} pid */
  remove(pid) {
    this.process?.stdin?.write(`remove ${pid}\n`);
  },
};

/** A command that failed; its message has the part of its output that explains it. */
export class CommandError extends StartError {
  /**
   * @param {string} message
   * @param {string} output all of it
   */
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

/**
 * @typedef {object} RunOptions
 * @property {number} [timeoutMs]
 * @property {string} [label] what to call it in errors; its command line unless given
 * @property {'first'|'last'} [explainedBy] which lines of its output explain a failure; the last unless given
 */

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {StartOptions & RunOptions} [options]
 * @returns {Promise<string>} its output
 * @throws {CommandError} when it fails or takes longer than `timeoutMs`
 */
export async function run(command, args, options = {}) {
  /** @type {string[]} */
  const output = [];
  const child = new ChildGroup(command, args, {
    ...options,
    onLine: (line) => {
      output.push(line);
      options.onLine?.(line);
    },
  });
  let late = false;
  const timer = options.timeoutMs
    ? setTimeout(() => {
        late = true;
        child.signal('SIGKILL');
      }, options.timeoutMs)
    : undefined;
  const { code, signal } = await child.exit;
  clearTimeout(timer);
  if (code === 0) return output.join('\n');
  const reason = late
    ? `did not end within ${(options.timeoutMs ?? 0) / 1000} s`
    : signal
      ? `was ended by ${signal}`
      : `failed with exit code ${code}`;
  const lines = options.explainedBy === 'first' ? output.slice(0, keptLines) : child.lastLines;
  const shown = lines.map((line) => `    ${line}`).join('\n');
  throw new CommandError(`${options.label ?? child.command} ${reason}.${shown ? `\n${shown}` : ''}`, output.join('\n'));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {StartOptions & { timeoutMs?: number }} [options]
 * @returns {Promise<string | undefined>} its output, or nothing when it failed, is not there or took too long
 */
export async function tryRun(command, args, options = {}) {
  try {
    return await run(command, args, { timeoutMs: 10_000, ...options });
  } catch {
    return undefined;
  }
}

/**
 * Ends everything that still runs: commands and services first, then servers.
 * @param {{ force?: boolean, kinds?: ('service'|'server')[] }} [options] `force` does not wait for anything to finish
 */
export async function endEverything({ force = false, kinds = ['service', 'server'] } = {}) {
  for (const kind of kinds) {
    await Promise.all(
      [...running].filter((child) => child.kind === kind).map((child) => child.end({ withinMs: force ? 0 : 10_000 })),
    );
  }
}

/**
 * @param {number} pid
 * @returns {boolean} whether a process of that id is there (also when it belongs to another user)
 */
export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
