/** What the two private servers have in common. */
import { chownSync, createWriteStream, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ChildGroup, isRunning } from './processes.mjs';
import { StartError } from './errors.mjs';

/**
 * @typedef {object} PrivateServer
 * @property {string} url with credentials
 * @property {Promise<string>} ready its version, once it lets us in; rejects when it does not start
 * @property {() => Promise<void>} stop ends it in order, keeps its data
 * @property {ServerCommand} [command] its administration command
 *
 * @typedef {object} ServerCommand
 * @property {string} program
 * @property {import('./processes.mjs').StartOptions} options environment and account with which it reaches the server
 */

/**
 * Writes a file that the server's account can read and nobody else.
 * @param {string} file
 * @param {string} text
 * @param {import('./server-account.mjs').Account} account
 */
export function writeForAccount(file, text, account) {
  writeFileSync(file, text, { mode: 0o600 });
  if (account) chownSync(file, account.uid, account.gid);
}

/**
 * The server's password, made at its first start.
 * @param {string} folder
 * @param {import('./server-account.mjs').Account} account
 * @returns {string}
 */
export function serverPassword(folder, account) {
  const file = join(folder, 'password');
  if (!existsSync(file)) writeForAccount(file, randomBytes(18).toString('base64url'), account);
  return readFileSync(file, 'utf8').trim();
}

/** How long an instance that an earlier, killed run left behind may take to end. */
const predecessorMs = 30_000;

/**
 * Starts a server whose output goes to a log file in its folder. Two servers on the same data would destroy it, so one
 * that is still ending (its run was killed) is waited for.
 * @param {string} command
 * @param {string[]} args
 * @param {import('./processes.mjs').StartOptions & { cwd: string, name?: string }} options `name` of its files in the folder
 * @returns {Promise<ChildGroup>}
 */
export async function startServer(command, args, { name = 'server', ...options }) {
  const pidFile = join(options.cwd, `${name}.pid`);
  await predecessorEnded(pidFile, options.cwd);
  const log = createWriteStream(join(options.cwd, `${name}.log`), { mode: 0o600 });
  // A log that cannot be written must not end the bootstrap.
  log.on('error', () => {});
  const server = new ChildGroup(command, args, {
    ...options,
    kind: 'server',
    onLine: (line) => log.write(`${line}\n`),
  });
  if (server.pid) writeFileSync(pidFile, `${server.pid}\n`);
  return server;
}

/** @param {string} pidFile @param {string} folder */
async function predecessorEnded(pidFile, folder) {
  if (!existsSync(pidFile)) return;
  const group = Number(readFileSync(pidFile, 'utf8'));
  const deadline = Date.now() + predecessorMs;
  while (groupMentions(group, folder)) {
    if (Date.now() > deadline) {
      throw new StartError(`A server of an earlier run still works in ${folder}. End it with: kill -TERM -- -${group}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * Whether a process of the group works in the folder. The group's id alone is not enough: it may belong to others by
 * now, and ended processes that nobody has collected still count as members.
 * @param {number} group
 * @param {string} folder
 */
function groupMentions(group, folder) {
  if (!Number.isInteger(group) || group <= 1) return false;
  // Private servers run on Debian and Ubuntu, so there is a /proc (see proc(5)).
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(processGroup) !== group || state === 'Z' || !isRunning(Number(pid))) return false;
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

/**
 * @param {string} name
 * @param {ChildGroup} server
 * @param {string} folder
 * @returns {StartError}
 */
export function didNotStart(name, server, folder) {
  const lines = server.lastLines.slice(-8).map((line) => `    ${line}`);
  return new StartError(
    [`${name} did not start. Its last lines (all of them in ${join(folder, 'server.log')}):`, ...lines].join('\n'),
  );
}
