import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { CONFIG, Repeating, TenantStandings, warningOnce } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { GatewayConfig } from '../config.ts';
import { isOwnPage, listed, type Page } from './origin.ts';

const everyMs = 1_000;
/** A list can be read a little later than the time that it carries. In seconds. */
const overlap = 10;
/** Longer than there have been lists. In seconds. */
const always = 4e9;

/** The origins that a tenant allows. */
export interface OriginList {
  origins: string[];
  /** null while nobody has set any. */
  updated_at: Date | null;
  updated_by: string | null;
}

interface Known {
  origins: ReadonlySet<string>;
  updated_at: Date;
}

/**
 * Whose pages may act for a tenant's recipients in a browser: our own, those that the settings name for every tenant, and those that
 * the tenant allows. Each replica has all lists in memory and looks every second at those that have changed, so that a request costs no
 * statement.
 */
@Injectable()
export class Origins implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Origins.name);
  private readonly looking = new Repeating(
    warningOnce(this.logger, 'cannot see which origins are allowed', () => this.look()),
    everyMs,
  );
  private readonly listeners: ((tenant: string) => void)[] = [];
  private readonly everywhere: ReadonlySet<string>;
  private readonly lists = new Map<string, Known>();
  private readonly tenantsOf = new Map<string, Set<string>>();
  private lookedAt?: number;

  constructor(
    private readonly db: DataSource,
    private readonly standings: TenantStandings,
    @Inject(CONFIG) private readonly config: Pick<GatewayConfig, 'PUBLIC_URL' | 'REALTIME_ORIGINS'>,
  ) {
    this.everywhere = new Set(config.REALTIME_ORIGINS === undefined ? [] : listed(config.REALTIME_ORIGINS));
  }

  /**
   * Whether a page may act for recipients of a tenant.
   * @param tenant undefined while that is not known: then whether it may for those of any active one
   */
  permit(page: Page, tenant: string | undefined): boolean {
    const { origin } = page;
    if (origin === undefined || this.everywhere.has('*') || this.everywhere.has(origin)) return true;
    if (isOwnPage(page, this.config.PUBLIC_URL)) return true;
    if (tenant !== undefined) return this.lists.get(tenant)?.origins.has(origin) ?? false;
    for (const one of this.tenantsOf.get(origin) ?? []) if (this.standings.of(one) === 'active') return true;
    return false;
  }

  /** Calls back for each tenant whose list is another one. */
  onChange(listener: (tenant: string) => void): void {
    this.listeners.push(listener);
  }

  /** Before the replica is ready. */
  async start(): Promise<void> {
    await this.look();
    this.looking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.looking.stop();
  }

  async get(tenant: string): Promise<OriginList> {
    const [row] = await this.db.query<OriginList[]>(
      'SELECT origins, updated_at, updated_by FROM allowed_origins WHERE tenant = $1',
      [tenant],
    );
    return row ?? { origins: [], updated_at: null, updated_by: null };
  }

  /** Holds here at once, on the other replicas within a second. */
  async put(tenant: string, origins: readonly string[], by: string): Promise<OriginList> {
    const [row] = await this.db.query<(OriginList & { updated_at: Date })[]>(
      `INSERT INTO allowed_origins (tenant, origins, updated_by) VALUES ($1, $2, $3)
       ON CONFLICT (tenant) DO UPDATE SET (origins, updated_by, updated_at) = ($2, $3, clock_timestamp())
       RETURNING origins, updated_at, updated_by`,
      [tenant, origins, by],
    );
    this.take(tenant, row!);
    return row!;
  }

  private async look(): Promise<void> {
    const now = performance.now();
    const seconds = this.lookedAt === undefined ? always : (now - this.lookedAt) / 1_000 + overlap;
    const rows = await this.db.query<{ tenant: string; origins: string[]; updated_at: Date }[]>(
      'SELECT tenant, origins, updated_at FROM allowed_origins WHERE updated_at > now() - make_interval(secs => $1)',
      [seconds],
    );
    for (const { tenant, ...list } of rows) this.take(tenant, list);
    this.lookedAt = now;
  }

  private take(tenant: string, { origins, updated_at }: { origins: string[]; updated_at: Date }): void {
    const before = this.lists.get(tenant);
    // Looked at before somebody put another one here.
    if (before && before.updated_at > updated_at) return;
    const after = new Set(origins);
    this.lists.set(tenant, { origins: after, updated_at });
    if (before?.origins.size === after.size && origins.every((origin) => before.origins.has(origin))) return;
    for (const origin of before?.origins ?? []) this.forget(origin, tenant);
    for (const origin of after) this.tenantsOf.set(origin, (this.tenantsOf.get(origin) ?? new Set()).add(tenant));
    for (const tell of this.listeners) tell(tenant);
  }

  private forget(origin: string, tenant: string): void {
    const tenants = this.tenantsOf.get(origin);
    tenants?.delete(tenant);
    if (tenants?.size === 0) this.tenantsOf.delete(origin);
  }
}
