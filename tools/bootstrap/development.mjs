/** What a development installation keeps in `.carillon/`: its secret, its API key, and the mark of being at work. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ensureStateFolder, stateFile } from './workspace.mjs';
import { isRunning } from './processes.mjs';

/** Readable by the owner alone. */
const ownerOnly = 0o600;

/**
 * @typedef {object} Development
 * @property {string} url of the API, without `/v1`
 * @property {string} api_key for the tenant `default`, with every scope
 * @property {string | null} admin_url the console's, null where the gateway serves none
 * @property {string} mailbox_url
 */

/**
 * The installation's secret: 32 random bytes in hexadecimal, made at the first start.
 * @returns {string}
 */
export function installationSecret() {
  ensureStateFolder();
  const file = stateFile('secret');
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: ownerOnly });
  return readFileSync(file, 'utf8').trim();
}

/** @returns {Partial<Development>} what the last start left, or nothing */
export function readDevelopment() {
  return readJson('dev.json');
}

/** @param {Development} development */
export function writeDevelopment(development) {
  writeFileSync(stateFile('dev.json'), `${JSON.stringify(development, null, 2)}\n`, { mode: ownerOnly });
}

/**
 * The servers of the Carillon that runs now, for tools that go to them directly.
 * @typedef {object} RunningServers
 * @property {string} amqp_url
 * @property {string} amqp_prefix
 * @property {string} database_url as the admin
 */

/**
 * Kept only while Carillon runs: the next start may find other servers.
 * @param {RunningServers} servers
 */
export function writeServers(servers) {
  const file = stateFile('servers.json');
  writeFileSync(file, `${JSON.stringify(servers, null, 2)}\n`, { mode: ownerOnly });
  process.once('exit', () => rmSync(file, { force: true }));
}

/** @returns {Partial<RunningServers>} */
export function readServers() {
  return readJson('servers.json');
}

/** @param {string} name @returns {any} what the file holds, or nothing */
function readJson(name) {
  try {
    return JSON.parse(readFileSync(stateFile(name), 'utf8'));
  } catch {
    return {};
  }
}

/** The key of earlier starts, or a new one. @returns {string} */
export function developmentApiKey() {
  return readDevelopment().api_key ?? `ck_${randomBytes(24).toString('base64url')}`;
}

/**
 * @param {string} name what runs, e.g. `start`
 * @returns {{ pid: number, url?: string } | undefined} the running one, if there is one
 */
export function runningInstance(name) {
  try {
    const mark = JSON.parse(readFileSync(stateFile(`${name}.running.json`), 'utf8'));
    return isRunning(mark.pid) && isBootstrap(mark.pid) ? mark : undefined;
  } catch {
    return undefined;
  }
}

/** A process id may have been given to another program since. @param {number} pid */
function isBootstrap(pid) {
  try {
    return /tools\/\w+\.mjs/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    // No /proc on this system.
    return !existsSync('/proc/self/cmdline');
  }
}

/**
 * Marks this process as the running one, for a second start to find.
 * @param {string} name
 * @param {{ url?: string }} [details]
 * @returns {{ pid: number, url?: string } | undefined} another that is running already; then nothing was marked
 */
export function markRunning(name, details = {}) {
  ensureStateFolder();
  const file = stateFile(`${name}.running.json`);
  const mark = `${JSON.stringify({ pid: process.pid, ...details })}\n`;
  try {
    writeFileSync(file, mark, { flag: 'wx' });
  } catch {
    const other = runningInstance(name);
    if (other && other.pid !== process.pid) return other;
    // Left by one that was killed.
    writeFileSync(file, mark);
  }
  process.once('exit', () => rmSync(file, { force: true }));
  return undefined;
}
