import type { Delays } from './simulation/delays.ts';

/** Pauses before a callback is posted again, in milliseconds. A receiver that is restarting gets it late, not never. */
const RETRY_AFTER_MS = [500, 2000, 5000];
const TIME_LIMIT_MS = 5000;

export interface CallbackRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** Posts receipts and bounces to whoever asked for them, as providers do: a few tries, in the background. */
export class Callbacks {
  readonly #delays: Delays;
  readonly #closing = new AbortController();

  constructor(delays: Delays) {
    this.#delays = delays;
  }

  /** Resolves when the receiver answered 2xx, or when the tries are used up (then a line on standard error says so). */
  async post(request: CallbackRequest): Promise<void> {
    let problem = '';
    for (const pause of [0, ...RETRY_AFTER_MS]) {
      if (pause > 0 && !(await this.#delays.wait(pause))) return;
      try {
        const response = await fetch(request.url, {
          method: 'POST',
          headers: request.headers,
          body: request.body,
          redirect: 'manual',
          signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
        });
        await response.body?.cancel();
        if (response.ok) return;
        problem = `HTTP ${response.status}`;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        problem = error instanceof Error ? error.message : String(error);
      }
    }
    // Only the origin: paths and queries of callbacks may carry secrets.
    console.error(`mailbox: a callback to ${new URL(request.url).origin} was given up: ${problem}`);
  }

  postJson(url: string, body: unknown): Promise<void> {
    return this.post({ url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  postForm(url: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<void> {
    return this.post({
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  }

  close(): void {
    this.#closing.abort();
  }
}
