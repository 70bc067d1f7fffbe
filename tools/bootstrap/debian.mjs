/** PostgreSQL and RabbitMQ as packages of Debian or Ubuntu. */
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from './processes.mjs';

/** @typedef {'postgresql' | 'rabbitmq'} ServerName */

/** @type {Record<ServerName, string>} */
const packageNames = { postgresql: 'postgresql', rabbitmq: 'rabbitmq-server' };

/**
 * @param {string} osRelease text of /etc/os-release, see os-release(5)
 * @returns {boolean} whether it names Debian, Ubuntu or a system derived from them
 */
export function isDebianLike(osRelease) {
  const value = (/** @type {string} */ key) => osRelease.match(new RegExp(`^${key}="?([^"\n]*)"?$`, 'm'))?.[1] ?? '';
  return `${value('ID')} ${value('ID_LIKE')}`.split(/\s+/).some((id) => id === 'debian' || id === 'ubuntu');
}

/** @returns {boolean} */
export function onDebian() {
  return existsSync('/etc/os-release') && isDebianLike(readFileSync('/etc/os-release', 'utf8'));
}

/**
 * The folder of PostgreSQL's server programs: the newest installed version's, they are not on the PATH.
 * @returns {string | undefined}
 */
export function postgresPrograms() {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return undefined;
  return readdirSync(base)
    .filter((version) => existsSync(join(base, version, 'bin', 'postgres')))
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(base, version, 'bin'))[0];
}

/** @returns {string | undefined} RabbitMQ's start script, beside the wrapper on the PATH that insists on its own user */
export function rabbitProgram() {
  const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  return existsSync(program) ? program : undefined;
}

/** @param {ServerName} server */
export function isInstalled(server) {
  return (server === 'postgresql' ? postgresPrograms() : rabbitProgram()) !== undefined;
}

/** @returns {Promise<string[] | undefined>} what to put before a command to run it as root; nothing when that cannot be had */
async function asRoot() {
  if (process.getuid?.() === 0) return [];
  return (await tryRun('sudo', ['-n', 'true'])) === undefined ? undefined : ['sudo', '-n'];
}

/** @returns {Promise<boolean>} whether packages can be installed without asking anybody */
export async function canInstall() {
  return onDebian() && (await asRoot()) !== undefined;
}

/** The distribution's way to say that a package's service shall not be started, see invoke-rc.d(8). */
const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Installs the packages without starting the distribution's own instances.
 * @param {ServerName[]} servers
 * @param {import('./terminal.mjs').Report} report
 */
export async function installServers(servers, report) {
  const root = (await asRoot()) ?? [];
  const apt = (/** @type {string[]} */ ...args) => {
    const [command = 'env', ...rest] = [
      ...root,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-y',
      '-q',
      ...args,
    ];
    return run(command, rest, { label: `apt-get ${args[0]}`, onLine: aptProgress(report) });
  };
  const packages = servers.map((server) => packageNames[server]);
  report('updating the package lists');
  await apt('update');
  report(`installing ${packages.join(' and ')}`);
  await withoutServiceStart(root, () => apt('install', '--no-install-recommends', ...packages));
}

/**
 * Follows apt-get's output: each new package is unpacked, then set up.
 * @param {import('./terminal.mjs').Report} report
 * @returns {(line: string) => void}
 */
export function aptProgress(report) {
  let total = 0;
  let done = 0;
  return (line) => {
    const count = line.match(/(\d+) newly installed/)?.[1];
    if (count) {
      total = 2 * Number(count);
      report({ done, total });
    }
    if (/^(Unpacking|Setting up) /.test(line)) report({ done: ++done, total });
  };
}

/**
 * @param {string[]} root
 * @param {() => Promise<unknown>} install
 */
async function withoutServiceStart(root, install) {
  if (existsSync(policyFile)) return install();
  const remove = () => {
    if (root.length === 0) rmSync(policyFile, { force: true });
    else return tryRun(/** @type {string} */ (root[0]), [...root.slice(1), 'rm', '-f', policyFile]);
  };
  const text = '#!/bin/sh\nexit 101\n';
  if (root.length === 0) writeFileSync(policyFile, text, { mode: 0o755 });
  else {
    const [command = 'sudo', ...rest] = root;
    await run(command, [
      ...rest,
      'sh',
      '-c',
      `printf '%s' "$1" > ${policyFile} && chmod 755 ${policyFile}`,
      'sh',
      text,
    ]);
  }
  try {
    await install();
  } finally {
    await remove();
  }
}
