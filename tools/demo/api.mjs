/** Carillon's API as the demo uses it. */
import { StartError } from '../bootstrap/errors.mjs';

/** How long one request may take. */
const requestMs = 10_000;

export class Api {
  /**
   * @param {string} url without `/v1`
   * @param {string} key API key or recipient token
   */
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  /**
   * @param {'GET'|'POST'|'PUT'} method
   * @param {string} path below `/v1`
   * @param {object} [body]
   * @returns {Promise<any>} the answer's JSON
   * @throws {StartError} with what the API said
   */
  async call(method, path, body) {
    const answer = await this.#send(method, path, body);
    const json = /** @type {any} */ (await answer.json().catch(() => ({})));
    if (answer.ok) return json;
    const fields = (json.errors ?? []).map(
      (/** @type {{ path: string, message: string }} */ field) => `${field.path} ${field.message}`,
    );
    throw new StartError(
      `${method} /v1${path} was answered ${answer.status}: ${[json.detail ?? json.title ?? '', ...fields].join('\n  ')}`,
    );
  }

  /**
   * @param {string} path
   * @returns {Promise<any>} the answer's JSON, or nothing when it is not there (yet)
   */
  async find(path) {
    const answer = await this.#send('GET', path);
    return answer.ok ? answer.json() : undefined;
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  async #send(method, path, body) {
    try {
      return await fetch(`${this.url}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${this.key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(requestMs),
      });
    } catch (error) {
      throw new StartError(`${method} /v1${path}: ${/** @type {Error} */ (error).message}. Does Carillon still run?`);
    }
  }
}
