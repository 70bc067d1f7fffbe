import { deleteInPortions } from '@carillon/persistence';
import { CONFIG, Repeating } from '@carillon/service';
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
  private readonly hourly = new Repeating(() => this.keepHouse(), hourMs);
  private stopping = false;

  constructor(
    private readonly db: DataSource,
    @Inject(CONFIG) private readonly config: InboxConfig,
  ) {}

  start(): void {
    this.hourly.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.hourly.stop();
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

  private deleteAll(
    since: 'read_at' | 'expires_at' | 'deleted_at',
    days: number,
    byTenant: Record<string, number> = {},
  ): Promise<void> {
    // A row that is changed meanwhile has another ctid, and stays.
    const sql = `DELETE FROM notifications WHERE ctid IN (
      SELECT ctid FROM notifications
      WHERE ${since} < now() - make_interval(days => coalesce(($2::jsonb ->> tenant)::int, $1)) LIMIT $3)`;
    return deleteInPortions(this.db, sql, [days, byTenant], rowsAtOnce, () => this.stopping);
  }
}
