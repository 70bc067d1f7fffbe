import { Injectable } from '@nestjs/common';
import { listProviders, sentChannels, type SentChannel } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { outsideRequests } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { Health as HealthView, InstallationHealth, ProvidersHealth, WaitingCount } from './health-view.ts';
import { Queues } from './queues.ts';
import { Replicas } from './replicas.ts';

/** How long the senders may take to tell; the answer says who did not. */
const patienceMs = 1_500;

/** How the installation is doing, and what of a tenant waits. Never waits long for who is away. */
@Injectable()
export class Health {
  constructor(
    private readonly db: DataSource,
    private readonly messages: Messages,
    private readonly replicas: Replicas,
    private readonly queues: Queues,
  ) {}

  /** What concerns everyone, with the outbox, the dead letters and the providers of this tenant only. */
  async ofTenant(tenant: string): Promise<HealthView> {
    const [queues, outbox, dead_letters, ...providers] = await Promise.all([
      this.queues.now(),
      this.waiting(
        `SELECT coalesce((SELECT events FROM outbox_queues WHERE tenant = $1), 0)::int AS count,
           (SELECT stored_at FROM outbox_events WHERE tenant = $1 ORDER BY place LIMIT 1) AS oldest_at`,
        [tenant],
      ),
      this.waiting(
        `SELECT count(*)::int AS count, min(parked_at) AS oldest_at FROM dead_letters
         WHERE tenant = $1 AND status = 'parked'`,
        [tenant],
      ),
      ...sentChannels.map((channel) => this.providers(tenant, channel)),
    ]);
    return { ...this.now(), queues, outbox, dead_letters, providers };
  }

  /** The same of all tenants together, as numbers. */
  async ofInstallation(): Promise<InstallationHealth> {
    const [queues, outbox, dead_letters] = await outsideRequests(() =>
      Promise.all([
        this.queues.now(),
        this.waiting('SELECT coalesce(sum(events), 0)::int AS count, min(opened_at) AS oldest_at FROM outbox_queues'),
        this.waiting(
          `SELECT count(*)::int AS count, min(parked_at) AS oldest_at FROM dead_letters WHERE status = 'parked'`,
        ),
      ]),
    );
    return { ...this.now(), queues, outbox, dead_letters };
  }

  private now(): Pick<InstallationHealth, 'at' | 'services'> {
    const now = Date.now();
    return { at: new Date(now).toISOString(), services: this.replicas.services(now) };
  }

  private async waiting(sql: string, parameters: string[] = []): Promise<WaitingCount> {
    const [{ count, oldest_at }]: [{ count: number; oldest_at: Date | null }] = await this.db.query(sql, parameters);
    return { count, oldest_at: oldest_at && oldest_at.toISOString() };
  }

  /** Never rejects. */
  private async providers(tenant: string, channel: SentChannel): Promise<ProvidersHealth> {
    try {
      const { data } = await this.messages.call(listProviders, { tenant, channel }, { timeoutMs: patienceMs });
      const providers = data.map(({ name, origin, in_use, problem, breaker }) => ({
        name,
        origin,
        in_use,
        problem,
        breaker,
      }));
      return { channel, trouble: null, providers };
    } catch (error) {
      return { channel, trouble: (error as Error).message, providers: [] };
    }
  }
}
