import type { SendOutcome } from '../provider/provider.ts';

/** How much longer than its time a provider that ignores the signal is waited for. */
const graceMs = 2_000;

/**
 * The time for one attempt. One timer that is cleared, not `AbortSignal.timeout` and an abortable sleep: with a DOMException
 * made for each attempt these took 6 % of an email sender's CPU.
 */
export class Deadline {
  /** What an attempt without an answer comes to. */
  readonly over: Promise<SendOutcome>;
  private readonly controller = new AbortController();
  private timer!: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    this.over = new Promise((resolve) => {
      const giveUp = (): void => resolve({ kind: 'uncertain', error: `no answer within ${timeoutMs} ms` });
      this.timer = setTimeout(() => {
        this.controller.abort();
        this.timer = setTimeout(giveUp, graceMs);
      }, timeoutMs);
    });
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The attempt has ended in time. */
  clear(): void {
    clearTimeout(this.timer);
  }
}
