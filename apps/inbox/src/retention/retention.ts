import { CONFIG } from '@carillon/service';
import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { InboxConfig } from '../config.ts';

const hourMs = 3_600_000;
/** Rows per statement, so that none holds its locks for long. Nobody who reads waits for them. */
const rowsAtOnce = 5_000;
/** Long after the broker has forgotten what could be delivered again. */
const deletedDays = 7;

/** Removes read and expired notifications when their time is over, and what is left of deleted ones, in small deletes; and who no longer
 * watches. */
@Injectable()
export class Retention implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Retention.name);
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private stopping = false;

  constructor(
    private readonly db: DataSource,
    @Inject(CONFIG) private readonly config: InboxConfig,
  ) {}

  start(): void {
    this.timer = setInterval(
      () => (this.running ??= this.keepHouse().finally(() => (this.running = undefined))),
      hourMs,
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Never rejects: what failed is tried again in an hour. */
  async keepHouse(): Promise<void> {
    try {
      const { config } = this;
      await this.deleteAll('read_at', config.READ_RETENTION_DAYS, config.READ_RETENTION_DAYS_BY_TENANT);
      await this.deleteAll('expires_at', config.EXPIRED_RETENTION_DAYS, config.EXPIRED_RETENTION_DAYS_BY_TENANT);
      await this.deleteAll('deleted_at', deletedDays);
      await this.db.query(`DELETE FROM watched_inboxes WHERE until < now() - interval '1 day'`);
    } catch (error) {
      this.logger.warn({ msg: 'retention is tried again in an hour', error: (error as Error).message });
    }
  }

  private async deleteAll(
    since: 'read_at' | 'expires_at' | 'deleted_at',
    days: number,
    byTenant: Record<string, number> = {},
  ): Promise<void> {
    let deleted: number;
    do {
      // TypeORM answers a DELETE with its rows and their number. A row that is changed meanwhile has another ctid, and stays.
      [, deleted] = await this.db.query(
        `DELETE FROM notifications WHERE ctid IN (
           SELECT ctid FROM notifications
           WHERE ${since} < now() - make_interval(days => coalesce(($3::jsonb ->> tenant)::int, $1)) LIMIT $2)`,
        [days, rowsAtOnce, byTenant],
      );
    } while (deleted === rowsAtOnce && !this.stopping);
  }
}
