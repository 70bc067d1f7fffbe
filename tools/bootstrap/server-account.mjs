/**
 * Under which account a private server runs and where its data is. PostgreSQL refuses to run as root; so, started by
 * root, both servers run as the accounts that their packages made.
 */
import { chownSync, existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { run, tryRun } from './processes.mjs';
import { root, stateFile } from './workspace.mjs';
import { StartError } from './errors.mjs';

/** @typedef {{ uid: number, gid: number } | undefined} Account undefined: the account that runs us */

/**
 * @param {string} name the account that the distribution's package made
 * @returns {Promise<Account>}
 */
export async function serverAccount(name) {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([tryRun('id', ['-u', name]), tryRun('id', ['-g', name])]);
  if (!uid || !gid) throw new StartError(`There is no user "${name}" to run the server as; reinstall its package.`);
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * A folder below `.carillon/` that the account owns. Where the account cannot reach the checkout (/root is closed to
 * others), the folder is made under /var/lib/carillon and `.carillon/` gets a link to it.
 * @param {Account} account
 * @param {string[]} path below `.carillon/`
 * @returns {Promise<string>}
 */
export async function accountFolder(account, path) {
  const folder = stateFile(...path);
  mkdirSync(dirname(folder), { recursive: true });
  if (account && !existsSync(folder) && !isLink(folder) && !(await reaches(account, dirname(folder)))) {
    const checkout = createHash('sha256').update(root).digest('hex').slice(0, 12);
    const outside = `/var/lib/carillon/${[checkout, ...path].join('-')}`;
    // The folder of all checkouts is open to everybody, each checkout's own only to its account.
    mkdirSync(dirname(outside), { recursive: true, mode: 0o755 });
    mkdirSync(outside, { recursive: true, mode: 0o700 });
    symlinkSync(outside, folder);
  }
  mkdirSync(isLink(folder) ? readlinkSync(folder) : folder, { recursive: true, mode: 0o700 });
  const real = realpathSync(folder);
  if (account) chownSync(real, account.uid, account.gid);
  return real;
}

/** @param {string} path */
function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** @param {NonNullable<Account>} account @param {string} folder */
async function reaches(account, folder) {
  return run('test', ['-x', folder], { ...account, cwd: '/' }).then(
    () => true,
    () => false,
  );
}
