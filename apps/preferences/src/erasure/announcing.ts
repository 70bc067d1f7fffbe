import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { recipientErased, uuidv8 } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { outsideRequests, type Erasure } from '@carillon/persistence';
import { ErasureStore } from './erasure-store.ts';

/** How often every replica looks for erasures that another one left unannounced. */
const tickMs = 1_000;
/** Announced together at most. */
const batch = 500;

/**
 * Tells the other services who was erased. The tombstone remembers until the broker has confirmed, so a crash only delays it;
 * telling it twice, as two replicas may, changes nothing at whoever hears it.
 */
@Injectable()
export class Announcing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Announcing.name);
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private askedAgain = false;
  private stopping = false;
  private failing = false;

  constructor(
    private readonly store: ErasureStore,
    private readonly messages: Messages,
  ) {}

  onApplicationBootstrap(): void {
    this.timer ??= setInterval(() => this.wake(), tickMs);
  }

  /** Somebody was erased. */
  wake(): void {
    this.askedAgain = true;
    if (!this.stopping) this.running ??= outsideRequests(() => this.rounds()).finally(() => (this.running = undefined));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** One round at a time; one that is asked for meanwhile follows. Never rejects. */
  private async rounds(): Promise<void> {
    while (this.askedAgain && !this.stopping) {
      this.askedAgain = false;
      try {
        // What cannot be published waits for the tick after the broker's return.
        while (this.messages.trouble() === undefined && (await this.round()) && !this.stopping);
        if (this.failing) this.logger.log('announcing erasures again');
        this.failing = false;
      } catch (error) {
        if (!this.failing) this.logger.warn({ msg: 'cannot announce erasures', error: (error as Error).message });
        this.failing = true;
      }
    }
  }

  /** @returns whether there may be more */
  private async round(): Promise<boolean> {
    const erasures = await this.store.unannounced(batch);
    if (erasures.length === 0) return false;
    await this.store.forgetStragglers(erasures);
    await Promise.all(erasures.map((erasure) => this.publish(erasure)));
    await this.store.markAnnounced(erasures);
    return erasures.length === batch;
  }

  private publish({ tenant, recipient, erased_at }: Erasure): Promise<void> {
    const id = uuidv8(Date.parse(erased_at), 'erased', tenant, recipient);
    return this.messages.publish(recipientErased, { recipient, erased_at }, { id, tenant, subject: recipient });
  }
}
