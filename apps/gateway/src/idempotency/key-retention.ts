import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { deleteInPortions } from '@carillon/persistence';
import { Repeating } from '@carillon/service';
import { DataSource } from 'typeorm';

const everyMs = 10 * 60_000;
const rowsAtOnce = 5_000;

/** Forgets keys and answers whose day is over. */
@Injectable()
export class IdempotencyKeyRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(IdempotencyKeyRetention.name);
  private readonly repeating = new Repeating(() => this.keepHouse(), everyMs);
  private stopping = false;

  constructor(private readonly db: DataSource) {}

  onApplicationBootstrap(): void {
    this.repeating.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.repeating.stop();
  }

  /** Never rejects: what failed is tried again the next time. */
  async keepHouse(): Promise<void> {
    try {
      await deleteInPortions(
        this.db,
        `DELETE FROM idempotency_keys WHERE ctid IN (
           SELECT ctid FROM idempotency_keys WHERE expires_at <= clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED)`,
        [],
        rowsAtOnce,
        () => this.stopping,
      );
    } catch (error) {
      this.logger.warn({ msg: 'expired idempotency keys are removed later', error: (error as Error).message });
    }
  }
}
