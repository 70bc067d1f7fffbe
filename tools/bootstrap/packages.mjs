/** The npm packages and the compiled code: installed and built when needed, and only then. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { node24, root, withWorkspacePath } from './workspace.mjs';
import { CommandError, run, tryRun } from './processes.mjs';
import { StartError } from './errors.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lock
 */

/** Kept inside node_modules, so that it goes when they go. */
const stampFile = join(root, 'node_modules', '.carillon-lock');
const lockFile = join(root, 'package-lock.json');

/**
 * What the installed packages must have come from: the lock and the platform (some packages are native).
 * @param {string} lockText
 * @param {string} [platform]
 */
export function lockStamp(lockText, platform = `${process.platform}-${process.arch}`) {
  return `${platform} ${createHash('sha256').update(lockText).digest('hex')}\n`;
}

/**
 * The packages of the lock that belong on this platform.
 * @param {Lock} lock
 * @param {{ os: string, cpu: string }} [platform]
 * @returns {[path: string, locked: LockedPackage][]}
 */
export function packagesFor(lock, { os, cpu } = { os: process.platform, cpu: process.arch }) {
  // npm's rule: `!win32` excludes; where anything is named without `!`, only that is allowed.
  const allows = (/** @type {string[]} */ list, /** @type {string} */ value) =>
    !list.includes(`!${value}`) && (list.includes(value) || list.every((entry) => entry.startsWith('!')));
  return Object.entries(lock.packages ?? {}).filter(
    ([path, locked]) =>
      path.startsWith('node_modules/') && allows(locked.os ?? [], os) && allows(locked.cpu ?? [], cpu),
  );
}

/**
 * Whether node_modules, as npm itself recorded it, holds what the lock asks for. Optional packages may be missing:
 * npm leaves out those that a platform cannot use.
 * @param {Lock} lock
 * @param {Lock} installed `node_modules/.package-lock.json`
 */
export function holdsLocked(lock, installed) {
  return packagesFor(lock).every(([path, { version, optional }]) => {
    const found = installed.packages?.[path];
    return found ? found.version === version : optional === true;
  });
}

/** @returns {boolean} whether the installed packages are those of the lock */
export function packagesAreCurrent() {
  if (!existsSync(node24)) return false;
  const lockText = readFileSync(lockFile, 'utf8');
  const stamp = lockStamp(lockText);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return true;
  // Somebody may have installed with npm itself; its own record then tells.
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record) || !holdsLocked(JSON.parse(lockText), JSON.parse(readFileSync(record, 'utf8')))) return false;
  writeFileSync(stampFile, stamp);
  return true;
}

/**
 * The npm that runs us, otherwise the one on the PATH.
 * @param {string} verb
 * @param {...string} options
 */
function runNpm(verb, ...options) {
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith('npm-cli.js') ? [process.execPath, [cli]] : ['npm', []];
  const args = [...first, verb, ...options, '--no-audit', '--no-fund', '--loglevel=error'];
  // npm explains first and prints its usage after that.
  return run(command, args, { label: `npm ${verb}`, explainedBy: 'first' });
}

/**
 * `npm ci`, with progress read from the folder that it fills.
 * @param {import('./terminal.mjs').Report} report
 */
export async function installPackages(report) {
  const lockText = readFileSync(lockFile, 'utf8');
  const folders = packagesFor(JSON.parse(lockText))
    .filter(([, { link, optional }]) => !link && !optional)
    .map(([path]) => join(root, path, 'package.json'));
  const timer = setInterval(
    () => report({ done: folders.filter((file) => existsSync(file)).length, total: folders.length }),
    500,
  );
  try {
    await runNpm('ci').catch((error) => {
      if (!(error instanceof CommandError) || !error.output.includes('EUSAGE')) throw error;
      // The lock does not cover package.json: somebody edits it right now, or the registry that the lock was made with
      // lacked a package for this platform. What the lock does cover is still taken from it.
      report('package-lock.json does not cover package.json; using npm install');
      return runNpm('install', '--no-save');
    });
  } finally {
    clearInterval(timer);
  }
  const version = await tryRun(node24, ['--version']);
  if (!version?.startsWith('v24.')) {
    throw new StartError(
      `The package "node" did not install Node 24 (${version ?? 'it does not run'}). Its install script may be switched off:\n` +
        'run npm rebuild node --ignore-scripts=false, then start again.',
    );
  }
  writeFileSync(stampFile, lockStamp(lockText));
  return folders.length;
}

/**
 * Installs the packages when they are missing or not those of the lock.
 * @param {import('./terminal.mjs').Display} display
 */
export async function ensurePackages(display) {
  if (packagesAreCurrent()) {
    display.print(`  ${display.paint('green', '✓')} ${'packages'.padEnd(14)} up to date`);
    return;
  }
  await display.step('packages', installPackages, (count) => `${count} installed`);
}

/**
 * Compiles what has changed since the last build.
 * @param {import('./terminal.mjs').Display} display
 */
export async function build(display) {
  await display.step('build', () =>
    run(node24, ['--run', 'build'], { label: 'npm run build', env: withWorkspacePath() }),
  );
}
