import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { deleteInPortions, keepPartitions } from '@carillon/persistence';
import { CONFIG, ConfigError, Repeating } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { DeliveryConfig } from '../config.ts';

const hourMs = 3_600_000;
/** Partitions are made so many weeks before they are needed. Each one costs every statement a little, so no more than needed. */
const weeksAhead = 2;
/** Rows per statement, so that none holds its locks for long. */
const rowsAtOnce = 5_000;
/** How long a receipt waits for its delivery: providers report for up to three days. */
const unmatchedDays = 7;
/** How long it is remembered that a suppression was lifted: longer than a message can be overtaken. */
const liftedDays = 7;

/** The log's tables and the column by which a row belongs to a delivery. */
const tables = { receipts: 'delivery_id', attempts: 'delivery_id', deliveries: 'id' } as const;

/**
 * Forgets deliveries with their attempts and receipts when their days are over, by dropping their week. Rows outside of all weeks,
 * and those of tenants with fewer days, go in small deletes.
 */
@Injectable()
export class Retention implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Retention.name);
  private readonly hourly = new Repeating(() => this.keepHouse(), hourMs);
  private stopping = false;

  constructor(
    private readonly db: DataSource,
    @Inject(CONFIG) private readonly config: DeliveryConfig,
  ) {
    const most = Math.max(...Object.values(config.DELIVERY_RETENTION_DAYS_BY_TENANT));
    if (most > config.DELIVERY_RETENTION_DAYS) {
      throw new ConfigError(
        `DELIVERY_RETENTION_DAYS_BY_TENANT keeps deliveries for ${most} days, but DELIVERY_RETENTION_DAYS must be the most: set it to ${most}`,
      );
    }
  }

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
      for (const [table, id] of Object.entries(tables)) {
        await this.delete(
          `DELETE FROM ${table}_default WHERE ctid IN (
             SELECT ctid FROM ${table}_default WHERE ${id} < first_id_at(now() - make_interval(days => $1)) LIMIT $2)`,
          [this.config.DELIVERY_RETENTION_DAYS],
        );
        for (const [tenant, own] of Object.entries(this.config.DELIVERY_RETENTION_DAYS_BY_TENANT)) {
          await this.delete(
            `DELETE FROM ${table} WHERE tenant = $1 AND (tableoid, ctid) IN (
               SELECT tableoid, ctid FROM ${table}
               WHERE tenant = $1 AND ${id} < first_id_at(now() - make_interval(days => $2)) LIMIT $3)`,
            [tenant, own],
          );
        }
      }
      await this.delete(
        `DELETE FROM unmatched_receipts WHERE (provider_message_id, id) IN (
           SELECT provider_message_id, id FROM unmatched_receipts
           WHERE received_at < now() - make_interval(days => $1) LIMIT $2)`,
        [unmatchedDays],
      );
      await this.delete(
        `DELETE FROM suppressed_addresses WHERE (tenant, address) IN (
           SELECT tenant, address FROM suppressed_addresses
           WHERE reason IS NULL AND as_of < now() - make_interval(days => $1) LIMIT $2)`,
        [liftedDays],
      );
    } catch (error) {
      this.logger.warn({ msg: 'retention is tried again in an hour', error: (error as Error).message });
    }
  }

  private async keepPartitions(): Promise<void> {
    const steps = await keepPartitions(this.db, weeksAhead, this.config.DELIVERY_RETENTION_DAYS);
    if (steps.length > 0) this.logger.log({ msg: 'kept partitions', steps });
  }

  private delete(sql: string, parameters: unknown[]): Promise<void> {
    return deleteInPortions(this.db, sql, parameters, rowsAtOnce, () => this.stopping);
  }
}
