import type { Lane } from '@carillon/contracts';
import { Abandoned } from '@carillon/messaging';
import { Waiting } from './waiting.ts';

/** How long a slot that was given back waits for others at most. */
const longestMs = 20;

/**
 * How many calls to a provider may be under way at once. Those who wait are let through in groups, when half of the slots are free:
 * so they begin together, with one statement, while the other half keeps the provider busy.
 */
export class Slots {
  private free: number;
  private readonly waiting = new Waiting();
  private closed = false;
  private timer?: NodeJS.Timeout;

  constructor(readonly size: number) {
    this.free = size;
  }

  /**
   * Waits for a slot. Give it back with {@link release}.
   * @returns false when there was none before the patience ended
   * @throws Abandoned when this replica stops before there is one; the broker hands the item to another
   */
  take(lane: Lane, patienceMs: number): Promise<boolean> {
    if (this.closed) return Promise.reject(new Abandoned());
    if (this.free === 0 || !this.waiting.empty) return this.waiting.wait(lane, patienceMs);
    this.free -= 1;
    return Promise.resolve(true);
  }

  release(): void {
    this.free += 1;
    if (this.waiting.empty) return;
    if (this.free >= this.size / 2) this.serve();
    else this.timer ??= setTimeout(() => this.serve(), longestMs);
  }

  /** Whether no call is under way and nobody waits for one. */
  get idle(): boolean {
    return this.free === this.size;
  }

  /** For shutdown: whoever holds a slot finishes, whoever waits goes away. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.waiting.close();
  }

  private serve(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.free > 0 && this.waiting.serve()) this.free -= 1;
  }
}
