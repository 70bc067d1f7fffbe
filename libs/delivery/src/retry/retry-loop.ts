import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Sender } from '../sending/sender.ts';
import type { ClaimedDelivery } from '../store/delivery-row.ts';
import { DeliveryStore } from '../store/delivery-store.ts';

/** Deliveries taken with one statement at most. */
const batchSize = 50;
const tickMs = 1_000;

/**
 * Looks every second for what is due: retries, deliveries that were put aside, uncertain ones to be looked up, and those whose lease
 * ran out. Any number of replicas may do so: each row
 * is claimed by one of them. On shutdown nothing more is claimed and what is under way is finished.
 */
@Injectable()
export class RetryLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RetryLoop.name);
  private readonly underWay = new Set<Promise<void>>();
  private timer?: NodeJS.Timeout;
  private claiming?: Promise<void>;
  /** Claimed, but not admitted by a provider yet. */
  private waiting = 0;
  private stopping = false;
  private failing = false;

  constructor(
    private readonly store: DeliveryStore,
    private readonly sender: Sender,
  ) {}

  /** A plain timer: the loop starts with the application and is the first to stop when it closes. */
  onApplicationBootstrap(): void {
    this.timer ??= setInterval(() => void this.tick(), tickMs);
  }

  /** Takes and starts what is due; resolves when it has been started. Never rejects. */
  async tick(): Promise<void> {
    // A tick that takes longer than a second is not overtaken by the next.
    if (this.claiming || this.stopping) return;
    this.claiming = this.claim().finally(() => (this.claiming = undefined));
    await this.claiming;
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.claiming;
    await Promise.all(this.underWay);
  }

  private async claim(): Promise<void> {
    try {
      while ((await this.concludeLost()) && !this.stopping);
      while ((await this.startDue()) && !this.stopping);
      if (this.failing) this.logger.log('retries resume');
      this.failing = false;
    } catch (error) {
      // Most likely the database is away; the next tick tries again, and one line in the log is enough.
      if (!this.failing) this.logger.warn({ msg: 'cannot look for due retries', error: (error as Error).message });
      this.failing = true;
    }
  }

  /** @returns whether there may be more */
  private async concludeLost(): Promise<boolean> {
    const lost = await this.store.claimLost(batchSize);
    for (const claimed of lost) {
      if (claimed.status === 'uncertain')
        this.logger.warn({ msg: 'uncertain', delivery_id: claimed.id, attempt: claimed.attempts });
    }
    await Promise.all(lost.map((claimed) => this.watch(this.sender.conclude(claimed, claimed))));
    return lost.length === batchSize;
  }

  /** @returns whether there may be more */
  private async startDue(): Promise<boolean> {
    // Those that wait for a provider are few enough for memory, and so many that no provider is idle.
    const most = batchSize - this.waiting;
    if (most <= 0) return false;
    const claimed = await this.store.claimDue(most);
    for (const delivery of claimed) void this.watch(this.proceed(delivery));
    return claimed.length === most;
  }

  private async proceed(delivery: ClaimedDelivery): Promise<void> {
    if (delivery.status === 'uncertain') return this.sender.lookUp(delivery);
    if (delivery.status !== 'queued' && delivery.status !== 'retrying') return this.sender.conclude(delivery, delivery);
    this.waiting += 1;
    let counted = true;
    const admitted = (): boolean => {
      if (counted) this.waiting -= 1;
      counted = false;
      return !this.stopping;
    };
    // Also when it is not decided, because the database is away.
    await this.sender.retry(delivery, admitted).finally(admitted);
  }

  /** Keeps track of work until it ends. What fails is found again when its lease runs out. */
  private watch(work: Promise<void>): Promise<void> {
    const watched = work.catch((error: Error) => {
      this.logger.warn({ msg: 'a delivery is left to its lease', error: error.message });
    });
    this.underWay.add(watched);
    return watched.finally(() => this.underWay.delete(watched));
  }
}
