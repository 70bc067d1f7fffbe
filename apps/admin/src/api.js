/** The gateway's API, as the console uses it. The console is served beside it, so addresses are relative. */
import { session } from './session.js';

/** How long an answer is waited for. The gateway itself gives a service 5 s. */
const timeoutMs = 15_000;

/** What went wrong, as the gateway says it (RFC 9457) or, without an answer, as the console does. */
export class ApiError extends Error {
  /**
   * @param {{ status: number, code?: string, title: string, detail?: string, errors?: { path: string, message: string }[] }} problem
   *   status 0: there was no answer
   */
  constructor({ status, code, title, detail, errors = [] }) {
    super(detail ? `${title}: ${detail}` : title);
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
  }
}

/**
 * @param {string} path below the gateway's address: `v1/events`
 * @param {{ method?: string, body?: unknown, query?: Record<string, string | undefined>, signal?: AbortSignal, key?: string | null }} [options]
 *   key: an API key; without one the browser's cookie says who asks
 * @returns {Promise<any>} the answer's JSON
 * @throws {ApiError}
 */
export async function call(path, options = {}) {
  try {
    return await asked(path, options);
  } catch (error) {
    // Another tab has signed in anew, so that the token is of a session that has ended.
    if (!(error instanceof ApiError) || error.code !== 'csrf_token_invalid') throw error;
    session.member = await asked('v1/admin/session');
    return asked(path, options);
  }
}

/**
 * @param {string} path
 * @param {NonNullable<Parameters<typeof call>[1]>} [options]
 * @returns {Promise<any>}
 */
async function asked(path, { method = 'GET', body, query = {}, signal, key = session.key } = {}) {
  const url = new URL(path, new URL('.', document.baseURI));
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  const timeout = AbortSignal.timeout(timeoutMs);
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...(!key && session.member && method !== 'GET' && { 'x-csrf-token': session.member.csrf_token }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({
      status: 0,
      title: 'The gateway does not answer',
      detail: 'Check that it runs and that you are connected, then try again.',
    });
  }
  const answer = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  throw new ApiError({
    title: `The gateway answered ${response.status}`,
    ...(typeof answer === 'object' && answer),
    status: response.status,
  });
}
