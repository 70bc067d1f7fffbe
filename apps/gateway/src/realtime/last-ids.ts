/** The last so many ids, in the order in which they came; while nothing is trimmed, all of them. */
export class LastIds {
  private readonly ids: Set<string>;

  constructor(
    ids: Iterable<string>,
    private readonly most: number,
  ) {
    this.ids = new Set(ids);
  }

  add(id: string): void {
    this.ids.add(id);
  }

  /** Forgets the oldest of too many. */
  trim(): void {
    for (const id of this.ids) {
      if (this.ids.size <= this.most) return;
      this.ids.delete(id);
    }
  }

  get all(): ReadonlySet<string> {
    return this.ids;
  }
}
