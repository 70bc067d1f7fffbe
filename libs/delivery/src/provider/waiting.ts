import type { Lane } from '@carillon/contracts';
import { Abandoned } from '@carillon/messaging';

const lanesByUrgency: readonly Lane[] = ['urgent', 'normal', 'bulk'];

/**
 * Who waits for a provider. Whoever waits in a more urgent lane is served first, so that a password code never waits behind a
 * broadcast. Nobody waits longer than their patience: what holds up a message of one provider must not hold up the queue behind
 * it, where others' messages are.
 */
export class Waiting {
  private readonly lanes: Record<Lane, Set<Waiter>> = { urgent: new Set(), normal: new Set(), bulk: new Set() };
  private inVain = false;
  private closed = false;

  /** Somebody lost patience since there was nobody here: whoever comes now would too. */
  get congested(): boolean {
    return this.inVain;
  }

  get empty(): boolean {
    return lanesByUrgency.every((lane) => this.lanes[lane].size === 0);
  }

  get size(): number {
    return lanesByUrgency.reduce((sum, lane) => sum + this.lanes[lane].size, 0);
  }

  /**
   * Waits to be served.
   * @returns false when the patience ended before
   * @throws Abandoned when this replica stops before that; the broker hands the item to another
   */
  wait(lane: Lane, patienceMs: number): Promise<boolean> {
    if (this.closed) return Promise.reject(new Abandoned());
    if (this.inVain) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        end: (served) => {
          clearTimeout(timer);
          this.lanes[lane].delete(waiter);
          if (this.empty) this.inVain = false;
          else if (!served) this.inVain = true;
          resolve(served);
        },
        abandon: () => {
          clearTimeout(timer);
          reject(new Abandoned());
        },
      };
      const timer = setTimeout(() => waiter.end(false), patienceMs);
      this.lanes[lane].add(waiter);
    });
  }

  /** Serves the next one. @returns whether there was one */
  serve(): boolean {
    for (const lane of lanesByUrgency) {
      for (const waiter of this.lanes[lane]) {
        waiter.end(true);
        return true;
      }
    }
    return false;
  }

  /** For shutdown: whoever waits goes away, and nobody waits any more. */
  close(): void {
    this.closed = true;
    for (const lane of lanesByUrgency) {
      for (const waiter of this.lanes[lane]) waiter.abandon();
      this.lanes[lane].clear();
    }
  }
}

interface Waiter {
  end(served: boolean): void;
  abandon(): void;
}
