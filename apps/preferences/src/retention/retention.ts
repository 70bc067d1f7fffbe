import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { deleteInPortions, keepPartitions } from '@carillon/persistence';
import { CONFIG, Repeating } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { PreferencesConfig } from '../config.ts';
import { Throttles } from '../throttles/throttles.ts';

const hourMs = 3_600_000;
/** Partitions are made so many weeks before they are needed. */
const weeksAhead = 8;
/** Rows per statement, so that none holds its locks for long. */
const rowsAtOnce = 10_000;

/**
 * Forgets decisions and events that are older than DECISION_RETENTION_DAYS: decisions by dropping their week's partition, and what
 * is not partitioned (events, whose identities must be unique over all time; finished fan-outs; what was asked about addresses) in
 * small deletes.
 */
@Injectable()
export class Retention implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Retention.name);
  private readonly hourly = new Repeating(() => this.keepHouse(), hourMs);
  private stopping = false;

  constructor(
    private readonly db: DataSource,
    private readonly throttles: Throttles,
    @Inject(CONFIG) private readonly config: PreferencesConfig,
  ) {}

  /** Makes the partitions that are needed now, then keeps house every hour. */
  async start(): Promise<void> {
    await this.keepPartitions();
    this.hourly.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.hourly.stop();
  }

  /** Never rejects: what failed is tried again in an hour. */
  async keepHouse(): Promise<void> {
    try {
      await this.keepPartitions();
      for (const sql of [
        `DELETE FROM notifications_default WHERE ctid IN (
           SELECT ctid FROM notifications_default WHERE id < first_id_at(now() - make_interval(days => $1)) LIMIT $2)`,
        `DELETE FROM events WHERE ctid IN (
           SELECT ctid FROM events WHERE first_at < now() - make_interval(days => $1) AND status <> 'scheduled' LIMIT $2)`,
        `DELETE FROM fan_outs WHERE ctid IN (
           SELECT ctid FROM fan_outs WHERE finished_at < now() - make_interval(days => $1) LIMIT $2)`,
        `DELETE FROM suppression_requests WHERE ctid IN (
           SELECT ctid FROM suppression_requests WHERE recorded_at < now() - make_interval(days => $1) LIMIT $2)`,
      ]) {
        await deleteInPortions(this.db, sql, [this.config.DECISION_RETENTION_DAYS], rowsAtOnce, () => this.stopping);
      }
      await this.throttles.clean();
    } catch (error) {
      this.logger.warn({ msg: 'retention is tried again in an hour', error: (error as Error).message });
    }
  }

  private async keepPartitions(): Promise<void> {
    const steps = await keepPartitions(this.db, weeksAhead, this.config.DECISION_RETENTION_DAYS);
    if (steps.length > 0) this.logger.log({ msg: 'kept partitions', steps });
  }
}
