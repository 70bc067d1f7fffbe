import { randomUUID } from 'node:crypto';
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Breaker, SentChannel } from '@carillon/contracts';
import { outsideRequests, type SqlRunner } from '@carillon/persistence';
import { Repeating } from '@carillon/service';
import type { BreakerState } from '../provider/breaker.ts';
import { breakerOpen } from '../sending/metrics.ts';

/** Who is silent for longer is gone. */
const silentSeconds = 60;
const everyMs = 15_000;

const shut = (state: BreakerState): state is Exclude<BreakerState, { kind: 'closed' }> => state.kind !== 'closed';

/**
 * Where replicas write which of their breakers are not closed, so that whichever is asked knows what all of them see. Breakers
 * themselves are each replica's own: what one learns in a second need not wait for a database.
 */
export class BreakerBoard implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('providers');
  private readonly replica = randomUUID();
  /** Of this replica; by tenant and provider. */
  private readonly notClosed = new Map<string, { tenant: string; provider: string; state: BreakerState }>();
  private readonly repeating = new Repeating(() => this.tell(), everyMs);

  constructor(
    private readonly db: SqlRunner,
    private readonly channel: SentChannel,
  ) {}

  onApplicationBootstrap(): void {
    this.repeating.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.repeating.stop();
    this.notClosed.clear();
    await this.tell();
  }

  /** A breaker of this replica has changed. @param tenant empty for a provider of the installation */
  changed(tenant: string, provider: string, state: BreakerState): void {
    const key = `${tenant} ${provider}`;
    const told = this.notClosed.get(key)?.state;
    if (shut(state)) {
      this.notClosed.set(key, { tenant, provider, state });
      if (!told) this.logger.warn({ msg: 'breaker opened', tenant, provider, reason: state.reason });
    } else if (told) {
      this.notClosed.delete(key);
      this.logger.log({ msg: 'breaker closed', tenant, provider });
    }
    breakerOpen.set({ channel: this.channel, tenant, provider }, shut(state) ? (state.kind === 'open' ? 1 : 0.5) : 0);
    void this.tell();
  }

  /** A provider is no more. */
  forget(tenant: string, provider: string): void {
    if (this.notClosed.delete(`${tenant} ${provider}`)) void this.tell();
    breakerOpen.remove({ channel: this.channel, tenant, provider });
  }

  /** What all replicas see of the providers of a tenant; by name. @param tenant empty for those of the installation */
  async seen(tenant: string): Promise<Map<string, Breaker>> {
    const rows: (Omit<Breaker, 'since' | 'retry_at'> & { provider: string; since: Date; retry_at: Date })[] =
      await this.db.query(
        `SELECT DISTINCT ON (provider) provider, state, reason, since, retry_at,
           (count(*) OVER (PARTITION BY provider))::int AS replicas
         FROM provider_breakers WHERE tenant = $1 AND seen_at > now() - $2 * interval '1 second'
         ORDER BY provider, state = 'open' DESC, since`,
        [tenant, silentSeconds],
      );
    return new Map(
      rows.map(({ provider, since, retry_at, ...row }) => [
        provider,
        { ...row, since: since.toISOString(), retry_at: retry_at.toISOString() },
      ]),
    );
  }

  /** Writes what this replica sees now, in place of what it saw before. Never rejects: the next turn writes it again. */
  private async tell(): Promise<void> {
    const rows = [...this.notClosed.values()].flatMap(({ tenant, provider, state }) =>
      shut(state)
        ? [
            {
              ...{ tenant, provider, state: state.kind, reason: state.reason },
              ...{ since: new Date(state.since).toISOString(), retry_at: new Date(state.retryAt).toISOString() },
            },
          ]
        : [],
    );
    try {
      const write = (sql: string) => outsideRequests(() => this.db.query(sql, [JSON.stringify(rows), this.replica]));
      await write(
        `WITH seen AS (
           SELECT * FROM json_to_recordset($1) AS seen(tenant text, provider text, state text, reason text,
             since timestamptz, retry_at timestamptz)
         ), gone AS (
           DELETE FROM provider_breakers b
           WHERE (replica = $2 AND NOT EXISTS (SELECT FROM seen WHERE seen.tenant = b.tenant AND seen.provider = b.provider))
             OR seen_at < now() - interval '1 hour'
         )
         INSERT INTO provider_breakers (tenant, provider, replica, state, reason, since, retry_at, seen_at)
         SELECT tenant, provider, $2, state, reason, since, retry_at, now() FROM seen
         ON CONFLICT (tenant, provider, replica) DO UPDATE SET state = excluded.state, reason = excluded.reason,
           since = excluded.since, retry_at = excluded.retry_at, seen_at = now()`,
      );
    } catch (error) {
      this.logger.debug({ msg: 'breakers not written', error: (error as Error).message });
    }
  }
}
