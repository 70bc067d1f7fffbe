import { outsideRequests } from '@carillon/persistence';
import type { Logger } from '@nestjs/common';

/** Work that is done again and again while a service runs, never twice at a time. */
export class Repeating {
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;

  /** @param work never rejects: it logs what failed and tries again with its next turn */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly everyMs: number,
  ) {}

  /** The first turn comes after the first interval; starting again changes nothing. */
  start(): void {
    this.timer ??= outsideRequests(() =>
      setInterval(() => {
        this.running ??= this.work().finally(() => (this.running = undefined));
      }, this.everyMs),
    );
  }

  /** No turn begins any more. Resolves when the one under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}

/**
 * Work for {@link Repeating} that may fail: what was known goes on to hold until a later turn succeeds. Of turns that fail one after the
 * other the first is logged.
 *
 * @param msg what cannot be done, for the log
 */
export function warningOnce(logger: Logger, msg: string, work: () => Promise<void>): () => Promise<void> {
  let failing = false;
  return async () => {
    try {
      await work();
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ msg, error: (error as Error).message });
      failing = true;
    }
  };
}
