/** Ids of what arrived last, at least so many of them. */
export class LastIds {
  private arrivals: Map<string, string>;

  /** @param ids of which it is not known when they arrived; they are the first to be forgotten */
  constructor(
    ids: Iterable<string>,
    private readonly least: number,
  ) {
    this.arrivals = new Map(Array.from(ids, (id) => [id, '']));
  }

  get size(): number {
    return this.arrivals.size;
  }

  has(id: string): boolean {
    return this.arrivals.has(id);
  }

  add(id: string, arrived_at: string): void {
    this.arrivals.set(id, arrived_at);
  }

  /** Forgets what arrived first, as soon as there are twice as many as are needed. */
  trim(): void {
    if (this.arrivals.size <= 2 * this.least) return;
    const inOrder = [...this.arrivals].sort(([id, arrived], [otherId, otherArrived]) =>
      arrived === otherArrived ? (id < otherId ? -1 : 1) : arrived < otherArrived ? -1 : 1,
    );
    this.arrivals = new Map(inOrder.slice(-this.least));
  }
}
