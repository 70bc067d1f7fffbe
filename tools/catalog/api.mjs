/** The catalog's admin routes, as the command uses them. */
import { readDevelopment } from '../bootstrap/development.mjs';
import { StartError } from '../bootstrap/errors.mjs';

/** Templates of a large document take a while to check. */
const requestMs = 60_000;

/** @typedef {{ path: string, message: string, line?: number, column?: number }} Mistake */

/** What Carillon said against a document that it understood. */
export class Refusal extends Error {
  /** @param {string} message @param {Mistake[]} mistakes */
  constructor(message, mistakes) {
    super(message);
    this.mistakes = mistakes;
  }
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ url: string, key: string }} where to ask, and with which key
 * @throws {StartError} when neither the environment nor a Carillon on this machine tells
 */
export function whereabouts(environment) {
  const { CARILLON_URL: url, CARILLON_API_KEY: key } = environment;
  const { url: developmentUrl, api_key: developmentKey } = readDevelopment();
  if (url && !key)
    throw new StartError(
      'CARILLON_URL is set, but CARILLON_API_KEY is not: set it to an API key with the scope admin.',
    );
  const found = { url: url || developmentUrl, key: key || developmentKey };
  if (!found.url || !found.key)
    throw new StartError('Set CARILLON_URL and CARILLON_API_KEY, or start Carillon here first: npm start');
  return { url: found.url.replace(/\/+$/, '').replace(/\/v1$/, ''), key: found.key };
}

export class CatalogApi {
  /** @param {{ url: string, key: string }} where */
  constructor({ url, key }) {
    this.url = url;
    this.key = key;
  }

  /**
   * @param {'GET'|'PUT'|'POST'} method
   * @param {string} path below `/v1/admin/catalog`
   * @param {{ type?: string, body?: string, accept?: string }} [content]
   * @returns {Promise<string>} what it answered
   * @throws {Refusal} for what is wrong with the document or its version
   * @throws {StartError} when it could not be asked
   */
  async call(method, path, { type, body, accept = 'application/json' } = {}) {
    const answer = await this.#send(method, path, { type, body, accept });
    const text = await answer.text();
    if (answer.ok) return text;
    const { title, detail, errors = [] } = problemOf(text);
    const said = [title ?? `Carillon answered ${answer.status}`, detail].filter(Boolean).join(': ');
    if ([404, 409, 412, 413, 422].includes(answer.status) && title) throw new Refusal(said, errors);
    const fields = errors.map(({ path: field, message }) => `\n  ${field} ${message}`).join('');
    throw new StartError(
      `${method} ${this.url}/v1/admin/catalog${path} was answered ${answer.status}: ${said}${fields}`,
    );
  }

  /** @param {string} method @param {string} path @param {{ type?: string, body?: string, accept: string }} content */
  async #send(method, path, { type, body, accept }) {
    try {
      return await fetch(`${this.url}/v1/admin/catalog${path}`, {
        method,
        headers: { authorization: `Bearer ${this.key}`, accept, ...(type && { 'content-type': type }) },
        body,
        signal: AbortSignal.timeout(requestMs),
      });
    } catch (error) {
      const { message, cause } = /** @type {Error & { cause?: Error }} */ (error);
      throw new StartError(`${this.url} cannot be reached: ${cause?.message || message}. Does Carillon run there?`);
    }
  }
}

/** @param {string} text @returns {{ title?: string, detail?: string, errors?: Mistake[] }} */
function problemOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
