/** How long an outcome waits for others at most. */
const longestMs = 20;

/**
 * Lets outcomes wait a little for those of other attempts that are under way, so that they share a statement and a message: each by
 * itself, three of them took as much of PostgreSQL's time as ten do together. The last one waits for nobody, nor does a lone one.
 */
export class UnderWay {
  private attempts = 0;
  private waiting: (() => void)[] = [];
  private timer?: NodeJS.Timeout;

  /** Counts an attempt until it has ended. */
  async during<T>(attempt: () => Promise<T>): Promise<T> {
    this.attempts += 1;
    try {
      return await attempt();
    } finally {
      this.attempts -= 1;
      if (this.attempts === 0) this.serve();
    }
  }

  /** Calls back in a later turn, when those that are together now need not wait for more. */
  readonly gather = (done: () => void): void => {
    if (this.attempts === 0) {
      setImmediate(done);
      return;
    }
    this.waiting.push(done);
    this.timer ??= setTimeout(() => this.serve(), longestMs);
  };

  private serve(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    // What ended just now joins them within this turn.
    for (const done of this.waiting.splice(0)) setImmediate(done);
  }
}
