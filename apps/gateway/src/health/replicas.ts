import { Injectable } from '@nestjs/common';
import { beatEveryMs, consumers, type ServiceBeat } from '@carillon/contracts';
import type { ServiceHealth } from './health-view.ts';

/** A replica that has not beaten for so long is gone: three beats, so that one may be late. */
export const silentForMs = 3 * beatEveryMs;

/** All services of the street. The mailbox is none: it stands in for the world outside. */
const services = Object.keys(consumers);

/** Who has beaten lately, as this replica of the gateway has heard it. */
@Injectable()
export class Replicas {
  private readonly heard = new Map<string, { beat: ServiceBeat; at: number }>();

  /** @param now milliseconds since 1970, by the clock of whoever hears it, so that clocks need not agree */
  hear(beat: ServiceBeat, now = Date.now()): void {
    this.heard.set(beat.replica, { beat, at: now });
    this.forgetSilent(now);
  }

  /** All services, also those of which nothing is heard; replicas by the time of their start. */
  services(now = Date.now()): ServiceHealth[] {
    this.forgetSilent(now);
    const all = [...this.heard.values()].sort((a, b) => (a.beat.started_at < b.beat.started_at ? -1 : 1));
    return services.map((service) => {
      const replicas = all
        .filter(({ beat }) => beat.service === service)
        .map(({ beat: { replica, version, started_at, trouble }, at }) => ({
          replica,
          version,
          started_at,
          heard_at: new Date(at).toISOString(),
          ready: trouble === null,
          trouble,
        }));
      return { service, status: statusOf(replicas), replicas };
    });
  }

  /** The queues whose oldest message has waited for long in some replica's hand, with when it was published. */
  oldest(now = Date.now()): Map<string, string> {
    this.forgetSilent(now);
    const oldest = new Map<string, string>();
    for (const { beat } of this.heard.values())
      for (const [queue, at] of Object.entries(beat.oldest ?? {})) {
        const other = oldest.get(queue);
        if (!other || at < other) oldest.set(queue, at);
      }
    return oldest;
  }

  private forgetSilent(now: number): void {
    for (const [replica, { at }] of this.heard) if (now - at > silentForMs) this.heard.delete(replica);
  }
}

function statusOf(replicas: ServiceHealth['replicas']): ServiceHealth['status'] {
  if (replicas.length === 0) return 'missing';
  return replicas.every(({ ready }) => ready) ? 'ok' : replicas.some(({ ready }) => ready) ? 'degraded' : 'not_ready';
}
