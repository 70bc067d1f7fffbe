/** Ports: which are taken and by whom, and free ones. */
import { connect, createServer } from 'node:net';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tryRun } from './processes.mjs';

/**
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<boolean>} whether something accepts connections there
 */
export function answers(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (/** @type {boolean} */ result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<{ free: true } | { free: false, code: string }>} `code` is EADDRINUSE or why it cannot be listened on
 */
export async function probePort(port, host) {
  // Where the system lets two sockets share a port (a wildcard and a specific address), only connecting tells.
  if (await answers(port)) return { free: false, code: 'EADDRINUSE' };
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve({ free: false, code: /** @type {NodeJS.ErrnoException} */ (error).code ?? 'EUNKNOWN' }),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve({ free: true })));
  });
}

/**
 * Ports that nothing uses at this moment.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  // All are held until the last one is known, so that none is given twice.
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        /** @type {Promise<import('node:net').Server>} */ (
          new Promise((resolve, reject) => {
            const server = createServer();
            server.once('error', reject);
            server.listen(0, '127.0.0.1', () => resolve(server));
          })
        ),
    ),
  );
  const ports = servers.map((server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * @typedef {object} Holder
 * @property {number} pid
 * @property {string} command
 * @property {string} [folder] the process's working folder
 */

/**
 * The process that listens on a port, where that can be found out: another user's process is hidden from us.
 * @param {number} port
 * @returns {Promise<Holder | undefined>}
 */
export async function findHolder(port) {
  return holderFromProc(port) ?? (await holderFromLsof(port));
}

/**
 * Socket inodes of listeners on a port, from a table such as /proc/net/tcp (see proc(5)): the second column is
 * `address:port` in hexadecimal, the fourth the state (0A = listening), the tenth the inode.
 * @param {string} tables
 * @param {number} port
 * @returns {Set<string>}
 */
export function listeningInodes(tables, port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set();
  for (const line of tables.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[1]?.endsWith(suffix) && columns[3] === '0A' && columns[9]) inodes.add(columns[9]);
  }
  return inodes;
}

/** @param {string} path */
function readOrNothing(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @param {number} port @returns {Holder | undefined} */
function holderFromProc(port) {
  const inodes = listeningInodes(readOrNothing('/proc/net/tcp') + readOrNothing('/proc/net/tcp6'), port);
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        let target = '';
        try {
          target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
        } catch {
          continue;
        }
        if (target.startsWith('socket:[') && inodes.has(target.slice(8, -1))) return describeProcess(Number(pid));
      }
    } catch {
      // Ended meanwhile, or another user's.
    }
  }
  return undefined;
}

/**
 * @param {number} pid
 * @returns {Holder}
 */
function describeProcess(pid) {
  const command = readOrNothing(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
  let folder;
  try {
    folder = readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    folder = undefined;
  }
  return { pid, command: command.length > 100 ? `${command.slice(0, 99)}…` : command, ...(folder ? { folder } : {}) };
}

/** @param {number} port @returns {Promise<Holder | undefined>} */
async function holderFromLsof(port) {
  const output = await tryRun('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { timeoutMs: 5_000 });
  const pid = output?.match(/^p(\d+)$/m)?.[1];
  const command = output?.match(/^c(.+)$/m)?.[1];
  return pid ? { pid: Number(pid), command: command ?? 'unknown' } : undefined;
}
