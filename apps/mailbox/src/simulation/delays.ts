/** Timers that end with the mailbox: nothing fires, and nobody waits, after it is closed. */
export class Delays {
  readonly #pending = new Map<NodeJS.Timeout, () => void>();
  #closed = false;

  /** @returns true when the time has passed, false at once when the mailbox closes first */
  wait(milliseconds: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(timer);
        resolve(true);
      }, milliseconds);
      this.#pending.set(timer, () => resolve(false));
    });
  }

  close(): void {
    this.#closed = true;
    for (const [timer, giveUp] of this.#pending) {
      clearTimeout(timer);
      giveUp();
    }
    this.#pending.clear();
  }
}
