import { outsideRequests } from '@carillon/persistence';

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
