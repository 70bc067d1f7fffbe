import { defaultTenant, type CloudEvent, type TenantStanding } from '@carillon/contracts';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Repeating, warningOnce } from '../repeating.ts';

const everyMs = 1_000;

/**
 * How the tenants stand, as far as they are not simply active: a small table of every service (`migrateService` makes it), looked at
 * every second by each replica, so that to know it costs no statement.
 */
@Injectable()
export class TenantStandings implements BeforeApplicationShutdown {
  private readonly logger = new Logger(TenantStandings.name);
  private readonly looking = new Repeating(
    warningOnce(this.logger, 'cannot see how tenants stand', () => this.look()),
    everyMs,
  );
  private readonly listeners: ((tenant: string, standing: TenantStanding) => void)[] = [];
  private known = new Map<string, TenantStanding>();

  constructor(private readonly db: DataSource) {}

  of(tenant: string): TenantStanding {
    return this.known.get(tenant) ?? 'active';
  }

  /** Whether an item is nobody's any more. */
  passesOver({ tenant = defaultTenant }: CloudEvent): boolean {
    return this.of(tenant) === 'erased';
  }

  /** Calls back for each tenant that stands otherwise than before. */
  onChange(listener: (tenant: string, standing: TenantStanding) => void): void {
    this.listeners.push(listener);
  }

  /** Before the first message and the first request. */
  async start(): Promise<void> {
    await this.look();
    this.looking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.looking.stop();
  }

  /** Keeps how a tenant stands. Who asks must be a request of that tenant, or the service itself. */
  async put(tenant: string, standing: TenantStanding): Promise<void> {
    if (standing === 'active') {
      await this.db.query(`DELETE FROM tenant_standings WHERE tenant = $1 AND standing <> 'erased'`, [tenant]);
    } else {
      await this.db.query(
        `INSERT INTO tenant_standings AS known (tenant, standing) VALUES ($1, $2)
         ON CONFLICT (tenant) DO UPDATE SET standing = excluded.standing, since = now()
         WHERE known.standing <> excluded.standing AND known.standing <> 'erased'`,
        [tenant, standing],
      );
    }
    this.take(new Map(this.known).set(tenant, this.of(tenant) === 'erased' ? 'erased' : standing));
  }

  private async look(): Promise<void> {
    const rows: { tenant: string; standing: TenantStanding }[] = await this.db.query(
      'SELECT tenant, standing FROM tenant_standings',
    );
    this.take(new Map(rows.map(({ tenant, standing }) => [tenant, standing])));
  }

  private take(next: Map<string, TenantStanding>): void {
    const before = this.known;
    this.known = next;
    for (const tenant of new Set([...before.keys(), ...next.keys()])) {
      const standing = this.of(tenant);
      if (standing !== (before.get(tenant) ?? 'active')) for (const tell of this.listeners) tell(tenant, standing);
    }
  }
}
