import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Problem, withoutErased, type CloudEvent } from '@carillon/contracts';
import { asRequestOf, outsideRequests, type Erasure } from '@carillon/persistence';
import { CONFIG } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { GatewayConfig } from '../config.ts';
import { outboxAge, outboxBytes, outboxEvents, outboxStored } from './metrics.ts';
import { OutboxStore, type Queue } from './outbox-store.ts';

/**
 * How old what a replica knows of the queues may be. Whoever begins one waits a little longer than that before it says 202:
 * from then on every replica lets the tenant's events queue up behind it. So the order costs requests no look at the database.
 */
const knownForMs = 250;
const marginMs = 50;
/** One tenant's share of the whole, so that it leaves room for the others. */
const shareOfTenant = 0.5;

/** Events that are accepted while RabbitMQ does not take them, and what this replica knows of those of all replicas. */
@Injectable()
export class Outbox {
  readonly store: OutboxStore;
  private readonly limitBytes: number;
  private queues = new Map<string, Queue>();
  private bytes = 0;
  /** What this replica has kept since, by tenant. */
  private sinceOf = new Map<string, number>();
  /** When the statement began from whose answer this is known; `performance.now()`. */
  private asOf = -Infinity;
  private looking?: Promise<void>;
  /** Queues that were there at some time: since then others know of them, or soon will. */
  private readonly seen = new Map<string, { openedAt: string; at: number }>();

  constructor(db: DataSource, @Inject(CONFIG) { OUTBOX_LIMIT_MB }: Pick<GatewayConfig, 'OUTBOX_LIMIT_MB'>) {
    this.store = new OutboxStore(db);
    this.limitBytes = OUTBOX_LIMIT_MB * 1024 * 1024;
  }

  /** Whether events of the tenant wait, behind which others have to queue up. Sees all that was accepted before this call. */
  async hasQueue(tenant: string): Promise<boolean> {
    await this.look();
    return this.queues.has(tenant);
  }

  /** Whether anything waits at all. */
  async isEmpty(): Promise<boolean> {
    await this.look();
    return this.queues.size === 0;
  }

  /**
   * Keeps an event until RabbitMQ has it. Resolves when it is certain to be published, after whatever waits for its tenant and
   * before whatever is sent from now on.
   *
   * @throws Problem 503 when the outbox is full
   */
  async keep(event: CloudEvent & { tenant: string }): Promise<void> {
    const { tenant } = event;
    await this.look();
    const text = JSON.stringify(event);
    const bytes = Buffer.byteLength(text);
    const own = (this.queues.get(tenant)?.bytes ?? 0) + (this.sinceOf.get(tenant) ?? 0);
    if (this.bytes + bytes > this.limitBytes || own + bytes > this.limitBytes * shareOfTenant) {
      outboxStored.inc({ outcome: 'refused' });
      throw Problem.unavailable('RabbitMQ is away and the outbox is full; nothing was accepted.', 30);
    }
    this.bytes += bytes;
    this.sinceOf.set(tenant, (this.sinceOf.get(tenant) ?? 0) + bytes);
    // Whoever has sent it may be gone before it is certain; that does not make it less so.
    const openedAt = await asRequestOf(tenant, () => this.store.put({ tenant, id: event.id, text }));
    outboxStored.inc({ outcome: 'stored' });
    const waitMs = this.sawQueue(tenant, openedAt, performance.now()) + knownForMs + marginMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
  }

  /** Forgets an erased recipient in what waits. */
  async forget(erasure: Erasure): Promise<void> {
    await this.store.rewrite(erasure.tenant, erasure.recipient, (event) =>
      withoutErased(event, event.time ? Date.parse(event.time) : 0, [erasure]),
    );
  }

  /** Looks at the queues, unless what is known is new enough, or newer than this call. */
  async look(): Promise<void> {
    const called = performance.now();
    while (this.asOf < called && performance.now() - this.asOf >= knownForMs) {
      await (this.looking ??= outsideRequests(() => this.lookNow()).finally(() => (this.looking = undefined)));
    }
  }

  private async lookNow(): Promise<void> {
    const began = performance.now();
    const queues = await this.store.queues();
    const answered = performance.now();
    this.queues = new Map(queues.map((queue) => [queue.tenant, queue]));
    this.asOf = began;
    this.sinceOf = new Map();
    for (const { tenant, opened_at } of queues) this.sawQueue(tenant, opened_at, answered);
    for (const tenant of this.seen.keys()) if (!this.queues.has(tenant)) this.seen.delete(tenant);
    this.bytes = queues.reduce((sum, { bytes }) => sum + bytes, 0);
    outboxBytes.set(this.bytes);
    outboxEvents.set(queues.reduce((sum, { events }) => sum + events, 0));
    outboxAge.set(Math.max(0, ...queues.map(({ seconds }) => seconds)));
  }

  /** @returns since when it is known */
  private sawQueue(tenant: string, openedAt: string, now: number): number {
    const seen = this.seen.get(tenant);
    if (seen?.openedAt === openedAt) return seen.at;
    this.seen.set(tenant, { openedAt, at: now });
    return now;
  }
}
