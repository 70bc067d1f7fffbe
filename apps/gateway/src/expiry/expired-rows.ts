import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { deleteInPortions } from '@carillon/persistence';
import { Repeating } from '@carillon/service';
import { DataSource } from 'typeorm';

const everyMs = 10 * 60_000;
const rowsAtOnce = 5_000;
/** What is of no use any more, by table. */
const expired = {
  idempotency_keys: 'expires_at <= clock_timestamp()',
  sessions: 'expires_at <= clock_timestamp()',
  sign_in_attempts: 'ends_at <= clock_timestamp()',
  rate_windows: `began_at <= clock_timestamp() - interval '1 hour'`,
};

/** Removes what has expired: idempotency keys after their day, sessions, counted attempts to sign in, windows of rate limits. */
@Injectable()
export class ExpiredRows implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ExpiredRows.name);
  private readonly repeating = new Repeating(() => this.remove(), everyMs);
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
  async remove(): Promise<void> {
    for (const [table, condition] of Object.entries(expired)) {
      try {
        await deleteInPortions(
          this.db,
          `DELETE FROM ${table} WHERE ctid IN (SELECT ctid FROM ${table} WHERE ${condition} LIMIT $1 FOR UPDATE SKIP LOCKED)`,
          [],
          rowsAtOnce,
          () => this.stopping,
        );
      } catch (error) {
        this.logger.warn({ msg: 'what has expired is removed later', table, error: (error as Error).message });
      }
    }
  }
}
