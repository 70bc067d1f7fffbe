/** What waits, tenant by tenant: they take turns, so that one who brings much waits for itself and for nobody else. */
export class Turns<Item> {
  /** The tenant whose turn is next comes first. */
  private readonly waiting = new Map<string, Item[]>();
  private count = 0;

  /** How many wait. */
  get size(): number {
    return this.count;
  }

  add(tenant: string, item: Item): void {
    const items = this.waiting.get(tenant);
    if (items) items.push(item);
    else this.waiting.set(tenant, [item]);
    this.count++;
  }

  /**
   * Takes the oldest item of the tenant whose turn it is.
   *
   * @param mayGo whether a tenant may have one more under way; one that may not keeps its turn
   */
  next(mayGo: (tenant: string) => boolean): { tenant: string; item: Item } | undefined {
    for (const [tenant, items] of this.waiting) {
      if (!mayGo(tenant)) continue;
      const item = items.shift()!;
      this.waiting.delete(tenant);
      if (items.length > 0) this.waiting.set(tenant, items);
      this.count--;
      return { tenant, item };
    }
    return undefined;
  }
}
