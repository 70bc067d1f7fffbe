/** Where things are in this checkout. */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';

/** The checkout's root folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[/\\]$/, '');

/** Node 24, the runtime of everything but the bootstrap itself. */
export const node24 = join(root, 'node_modules', '.bin', 'node');

/**
 * A path in the folder of everything that this installation keeps: private servers, the secret, the development key.
 * @param {...string} parts below `.carillon/`
 * @returns {string}
 */
export function stateFile(...parts) {
  return join(root, '.carillon', ...parts);
}

/** Creates `.carillon/`. */
export function ensureStateFolder() {
  mkdirSync(stateFile(), { recursive: true });
}

/**
 * The environment with Node 24 and the workspace's tools first on the PATH.
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {NodeJS.ProcessEnv}
 */
export function withWorkspacePath(environment = process.env) {
  return { ...environment, PATH: `${join(root, 'node_modules', '.bin')}:${environment.PATH ?? ''}` };
}
