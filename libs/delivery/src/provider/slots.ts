import type { Lane } from '@carillon/contracts';

const lanesByUrgency: readonly Lane[] = ['urgent', 'normal', 'bulk'];

/**
 * How many calls to a provider may be under way at once. Whoever waits in a more urgent lane is served first, so that a
 * password code never waits behind a broadcast.
 */
export class Slots {
  private free: number;
  private readonly waiting: Record<Lane, (() => void)[]> = { urgent: [], normal: [], bulk: [] };

  constructor(readonly size: number) {
    this.free = size;
  }

  /** Waits for a slot. Give it back with {@link release}. */
  take(lane: Lane): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting[lane].push(resolve));
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
      if (lane) this.waiting[lane].shift()!();
      else this.free += 1;
    }
  }
}
