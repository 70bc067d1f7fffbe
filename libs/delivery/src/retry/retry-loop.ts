import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Slots } from '../provider/slots.ts';
import { Sender } from '../sending/sender.ts';
import { DeliveryStore } from '../store/delivery-store.ts';

/** Deliveries taken with one statement at most. */
const batchSize = 50;
const tickMs = 1_000;

/**
 * Looks every second for what is due: retries, and deliveries whose lease ran out. Any number of replicas may do so: each row
 * is claimed by one of them. On shutdown nothing more is claimed and what is under way is finished.
 */
@Injectable()
export class RetryLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RetryLoop.name);
  private readonly underWay = new Set<Promise<void>>();
  private timer?: NodeJS.Timeout;
  private claiming?: Promise<void>;
  private stopping = false;
  private failing = false;

  constructor(
    private readonly store: DeliveryStore,
    private readonly slots: Slots,
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
    const due = await this.store.countDue(Math.min(batchSize, this.slots.size));
    if (due === 0) return false;
    // Under full load no slot is ever free, so some are queued for; but never so many that new deliveries starve.
    const queuedFor = Math.min(due, Math.ceil(this.slots.size / 4));
    await Promise.all(Array.from({ length: queuedFor }, () => this.slots.take('normal')));
    let unused = queuedFor + this.slots.takeFree(due - queuedFor);
    try {
      if (this.stopping) return false;
      const claimed = await this.store.claimDue(unused);
      for (const delivery of claimed) {
        if (delivery.status === 'sending') {
          unused -= 1;
          void this.watch(this.sender.retry(delivery));
        } else {
          void this.watch(this.sender.conclude(delivery, delivery));
        }
      }
      return claimed.length > 0;
    } finally {
      this.slots.release(unused);
    }
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
