/** So often in a row is a template stopped before it is left alone for a while. */
const patience = 3;
/** The first such while, in milliseconds; every stop after it doubles it. */
const firstPause = 60_000;
const longestPause = 3_600_000;
/** Milliseconds of stopped work that a tenant may cause before its stopped templates have to wait … */
const allowance = 2_000;
/** … and how many come back every millisecond: two seconds a minute. */
const recovery = allowance / 60_000;

interface Record {
  /** Stopped so often since it last came to its end. */
  stops: number;
  /** Why, the last time. */
  why: string;
  until: number;
}

/** That a template is not to be tried now. */
export interface Held {
  /** For so many milliseconds. */
  ms: number;
  /** What it was stopped for the last time. */
  why: string;
}

interface Spending {
  ms: number;
  at: number;
}

/** A map that forgets what was least recently used; `lru-cache` is one. */
interface Memory<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): unknown;
  delete(key: string): unknown;
  readonly size: number;
}

/**
 * Which templates had to be stopped. They are filled in apart from those that never had to be, and not at all for a while when
 * they are stopped again and again, or when their tenant's templates have taken too much time for nothing. Only templates
 * that were stopped are ever held back. A new version is another template.
 *
 * Times are milliseconds of any clock that only goes forward.
 */
export class Quarantine {
  constructor(
    private readonly templates: Memory<Record>,
    private readonly tenants: Memory<Spending>,
  ) {}

  /** How many templates are in it. */
  get size(): number {
    return this.templates.size;
  }

  /** Whether the template was ever stopped. */
  has(template: string): boolean {
    return this.templates.get(template) !== undefined;
  }

  /** @returns for how long it is not to be tried; undefined when it may be */
  held(tenant: string, template: string, now: number): Held | undefined {
    const record = this.templates.get(template);
    if (!record) return undefined;
    const overspent = (this.spent(tenant, now) - allowance) / recovery;
    const ms = Math.ceil(Math.max(record.until - now, overspent));
    return ms > 0 ? { ms, why: record.why } : undefined;
  }

  /**
   * @param why in words
   * @param took how many milliseconds were spent for nothing
   */
  stopped(tenant: string, template: string, why: string, took: number, now: number): void {
    const stops = (this.templates.get(template)?.stops ?? 0) + 1;
    const pause = stops < patience ? 0 : Math.min(firstPause * 2 ** (stops - patience), longestPause);
    this.templates.set(template, { stops, why, until: now + pause });
    this.tenants.set(tenant, { ms: this.spent(tenant, now) + took, at: now });
  }

  /** It came to its end. It stays apart, but begins anew. */
  finished(template: string): void {
    const record = this.templates.get(template);
    if (record?.stops) this.templates.set(template, { ...record, stops: 0, until: 0 });
  }

  private spent(tenant: string, now: number): number {
    const spending = this.tenants.get(tenant);
    return spending ? Math.max(0, spending.ms - (now - spending.at) * recovery) : 0;
  }
}
