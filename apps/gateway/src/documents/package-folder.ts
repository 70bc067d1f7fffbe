import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the package that a file belongs to: the same whether it runs from `src` or compiled from `dist/src`. */
export function packageFolder(file: string): string {
  const folder = dirname(file);
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (folder === dirname(folder)) throw new Error(`no package.json in any folder above ${file}`);
  return packageFolder(folder);
}

/** The gateway's own folder. */
export const gatewayFolder = packageFolder(import.meta.filename);

/** The gateway's version, which is the version of the API. */
export const { version } = JSON.parse(readFileSync(join(gatewayFolder, 'package.json'), 'utf8')) as { version: string };
