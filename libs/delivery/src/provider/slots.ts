import type { Lane } from '@carillon/contracts';
import { Abandoned } from '@carillon/messaging';

const lanesByUrgency: readonly Lane[] = ['urgent', 'normal', 'bulk'];

/**
 * How many calls to a provider may be under way at once. Whoever waits in a more urgent lane is served first, so that a
 * password code never waits behind a broadcast.
 */
export class Slots {
  private free: number;
  private readonly waiting: Record<Lane, Waiter[]> = { urgent: [], normal: [], bulk: [] };
  private closed = false;

  constructor(readonly size: number) {
    this.free = size;
  }

  /**
   * Waits for a slot. Give it back with {@link release}.
   * @throws Abandoned when this replica stops before there is one; the broker hands the item to another
   */
  take(lane: Lane): Promise<void> {
    if (this.closed) return Promise.reject(new Abandoned());
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => this.waiting[lane].push({ resolve, reject }));
  }

  /** Takes as many slots as are free now, at most `count`, without waiting. */
  takeFree(count: number): number {
    const taken = Math.min(count, this.free);
    this.free -= taken;
    return taken;
  }

  release(count = 1): void {
    for (let released = 0; released < count; released += 1) {
      const lane = lanesByUrgency.find((name) => this.waiting[name].length > 0);
      if (lane) this.waiting[lane].shift()!.resolve();
      else this.free += 1;
    }
  }

  /** For shutdown: whoever holds a slot finishes, whoever waits goes away. */
  close(): void {
    this.closed = true;
    for (const lane of lanesByUrgency) for (const { reject } of this.waiting[lane].splice(0)) reject(new Abandoned());
  }
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}
