/** The whole of `npm run catalog`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { StartError } from '../bootstrap/errors.mjs';
import { painter, table, wantsColour } from '../bootstrap/terminal.mjs';
import { CatalogApi, Refusal, whereabouts } from './api.mjs';
import { catalogHelp, parseCatalogArguments } from './arguments.mjs';
import { countOf, differenceLines } from './difference.mjs';
import { mistakeLines } from './mistakes.mjs';

/** @typedef {{ write(text: string): unknown, isTTY?: boolean }} Output */

/**
 * @typedef {object} Surroundings
 * @property {NodeJS.ProcessEnv} environment
 * @property {Output} out
 * @property {Output} err
 */

/**
 * @typedef {object} Answer of applying a document or going back to one
 * @property {number} version
 * @property {boolean} applied
 * @property {import('./difference.mjs').Change[]} changes
 * @property {import('./api.mjs').Mistake[]} warnings
 */

/**
 * @param {string[]} args
 * @param {Surroundings} [surroundings]
 * @returns {Promise<0 | 1 | 2>} the exit code: done, refused, could not be asked
 */
export async function runCatalog(
  args,
  surroundings = { environment: process.env, out: process.stdout, err: process.stderr },
) {
  const { environment, err } = surroundings;
  const paint = painter(wantsColour(err, environment));
  try {
    return await run(parseCatalogArguments(args), surroundings);
  } catch (error) {
    const { message, stack } = /** @type {Error} */ (error);
    const isExpected = error instanceof StartError || error instanceof Refusal;
    err.write(`${paint('red', isExpected ? message : (stack ?? message))}\n`);
    return error instanceof Refusal ? 1 : 2;
  }
}

/**
 * @param {import('./arguments.mjs').CatalogArguments} what
 * @param {Surroundings} surroundings
 * @returns {Promise<0 | 1>}
 */
async function run(what, { environment, out, err }) {
  const print = (/** @type {string[]} */ ...lines) => out.write(lines.map((line) => `${line}\n`).join(''));
  const paint = painter(wantsColour(out, environment));
  if (what.command === 'help') {
    print(catalogHelp);
    return 0;
  }
  const api = new CatalogApi(whereabouts(environment));
  switch (what.command) {
    case 'apply': {
      const { file, dryRun } = what;
      const body = textOf(file, environment);
      const type = file.endsWith('.json') ? 'application/json' : 'application/yaml';
      try {
        const answer = await api.call('PUT', `?dry_run=${dryRun}`, { type, body });
        print(...outcomeLines(JSON.parse(answer), dryRun, paint, nameOf(file)));
        return 0;
      } catch (error) {
        if (!(error instanceof Refusal) || error.mistakes.length === 0) throw error;
        const lines = mistakeLines(nameOf(file), body, error.mistakes, painter(wantsColour(err, environment)));
        err.write(`${lines.join('\n')}\n\n${error.message}; nothing was changed.\n`);
        return 1;
      }
    }
    case 'show': {
      const { effective, json, version } = what;
      const query = effective ? '?effective=true' : version === undefined ? '' : `?version=${version}`;
      const text = await api.call('GET', query, { accept: json ? 'application/json' : 'application/yaml' });
      out.write(json ? `${JSON.stringify(JSON.parse(text), null, 2)}\n` : text.replace(/\n?$/, '\n'));
      return 0;
    }
    case 'versions': {
      const { data } = JSON.parse(await api.call('GET', '/versions?limit=100'));
      if (data.length === 0) print('No document was applied yet.');
      else
        print(
          table([['version', 'applied at', 'by', ''], ...data.map(versionRow)], {
            heading: (text) => paint('bold', text),
          }),
        );
      return 0;
    }
    case 'revert': {
      const { version, dryRun } = what;
      const body = JSON.stringify({ version });
      const answer = await api.call('POST', `/revert?dry_run=${dryRun}`, { type: 'application/json', body });
      print(...outcomeLines(JSON.parse(answer), dryRun, paint));
      return 0;
    }
  }
}

/**
 * @param {Answer} answer
 * @param {boolean} dryRun
 * @param {import('../bootstrap/terminal.mjs').Painter} paint
 * @param {string} [file] that was applied
 * @returns {string[]}
 */
function outcomeLines({ version, applied, changes, warnings }, dryRun, paint, file) {
  const warned = warnings.map(({ path, message, line, column }) => {
    const place = file && line !== undefined ? `${file}:${line}:${column}  ` : '';
    return `${place}${paint('cyan', path)}  ${paint('yellow', `warning: ${message}`)}`;
  });
  if (changes.length === 0) return [...warned, `Nothing differs from what is in force (version ${version}).`];
  const outcome = dryRun
    ? `${countOf(changes.length)}. This was a dry run; version ${version} stays in force.`
    : applied
      ? paint('green', `${countOf(changes.length)}. Version ${version} is in force.`)
      : `${countOf(changes.length)}; version ${version} is in force.`;
  return [...differenceLines(changes, paint), '', ...warned, outcome];
}

/** @param {{ version: number, applied_at: string, applied_by: string, reverts: number | null }} version */
function versionRow({ version, applied_at: at, applied_by: by, reverts }) {
  return [String(version), at.replace('T', ' ').replace(/\..*/, ''), by, reverts === null ? '' : `back to ${reverts}`];
}

/**
 * @param {string} file
 * @param {NodeJS.ProcessEnv} environment npm runs scripts in the folder of package.json and says where it was called in INIT_CWD
 */
function textOf(file, { INIT_CWD: folder = '.' }) {
  try {
    return readFileSync(file === '-' ? 0 : resolve(folder, file), 'utf8');
  } catch (error) {
    throw new StartError(`${nameOf(file)} cannot be read: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} file */
function nameOf(file) {
  return file === '-' ? 'standard input' : file;
}
