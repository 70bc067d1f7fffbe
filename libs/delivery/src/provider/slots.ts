import type { Lane } from '@carillon/contracts';
import { Abandoned } from '@carillon/messaging';
import { Waiting } from './waiting.ts';

/** How many calls to a provider may be under way at once. */
export class Slots {
  private free: number;
  private readonly waiting = new Waiting();
  private closed = false;

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
    if (this.free === 0) return this.waiting.wait(lane, patienceMs);
    this.free -= 1;
    return Promise.resolve(true);
  }

  release(): void {
    if (!this.waiting.serve()) this.free += 1;
  }

  /** Whether no call is under way and nobody waits for one. */
  get idle(): boolean {
    return this.free === this.size;
  }

  /** For shutdown: whoever holds a slot finishes, whoever waits goes away. */
  close(): void {
    this.closed = true;
    this.waiting.close();
  }
}
