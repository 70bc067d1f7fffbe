/** What may follow `npm run catalog --`. */
import { parseArgs } from 'node:util';
import { StartError } from '../bootstrap/errors.mjs';

/**
 * @typedef {{ command: 'help' }
 *   | { command: 'apply', file: string, dryRun: boolean }
 *   | { command: 'show', effective: boolean, json: boolean, version: number | undefined }
 *   | { command: 'versions' }
 *   | { command: 'revert', version: number, dryRun: boolean }} CatalogArguments
 */

/**
 * Which options each command takes, and how many words follow it.
 * @type {Record<'apply' | 'show' | 'versions' | 'revert', { words: string[], options: string[] }>}
 */
const commands = {
  apply: { words: ['FILE'], options: ['dry-run'] },
  show: { words: [], options: ['effective', 'json', 'version'] },
  versions: { words: [], options: [] },
  revert: { words: ['VERSION'], options: ['dry-run'] },
};

/**
 * @param {string[]} args
 * @returns {CatalogArguments}
 * @throws {StartError} that names the wrong argument and what is allowed
 */
export function parseCatalogArguments(args) {
  const { values, positionals } = parsed(args);
  const [name, ...words] = positionals;
  if (values.help || (name === undefined && args.length === 0)) return { command: 'help' };
  if (name === undefined || !Object.hasOwn(commands, name))
    throw wrong(`${name ?? args[0]} is no command; use one of ${Object.keys(commands).join(', ')}`);

  const command = /** @type {keyof typeof commands} */ (name);
  const takes = commands[command];
  const { help: _, ...options } = values;
  for (const option of Object.keys(options))
    if (!takes.options.includes(option)) throw wrong(`${name} takes no --${option}`);
  if (words.length !== takes.words.length)
    throw wrong(`${name} takes ${takes.words.length === 0 ? 'nothing after it' : `one ${takes.words[0]}`}`);

  const dryRun = values['dry-run'] ?? false;
  switch (command) {
    case 'apply':
      return { command, file: words[0] ?? '', dryRun };
    case 'show': {
      const version = values.version === undefined ? undefined : versionOf(values.version, 1);
      if (values.effective && version !== undefined) throw wrong('show takes either --effective or --version');
      return { command, effective: values.effective ?? false, json: values.json ?? false, version };
    }
    case 'versions':
      return { command };
    case 'revert':
      return { command, version: versionOf(words[0] ?? '', 0), dryRun };
  }
}

/** @param {string[]} args */
function parsed(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        'dry-run': { type: 'boolean' },
        effective: { type: 'boolean' },
        json: { type: 'boolean' },
        version: { type: 'string' },
      },
    });
  } catch (error) {
    throw wrong(/** @type {Error} */ (error).message);
  }
}

/** @param {string} text @param {number} least */
function versionOf(text, least) {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw wrong(`${text} is no version; "npm run catalog -- versions" lists them`);
}

/** @param {string} message */
function wrong(message) {
  return new StartError(`${message}\nSee npm run catalog -- --help`);
}

export const catalogHelp = `A tenant's notification rules as one YAML or JSON document, kept as code.

Usage: npm run catalog -- <command>

  apply FILE [--dry-run]   checks the document as a whole and puts it in force; prints the difference.
                           With --dry-run nothing is changed. FILE may be - for the standard input.
  show [--version N]       prints your document as it was applied, comments too (--json: as JSON)
  show --effective         prints everything in force, built-in types included
  versions                 lists what was applied when and by whom
  revert N [--dry-run]     goes back to version N; 0 is no document of your own
  -h, --help               this text

Environment:
  CARILLON_URL       where Carillon is, such as https://carillon.example.org
  CARILLON_API_KEY   an API key with the scope admin; its tenant is the one that is meant
                     (without these two, what npm start wrote to .carillon/dev.json)
  NO_COLOR           any value: no colours

Ends with 0 when it is done, 1 when Carillon refused the document, 2 when it could not be asked.`;
