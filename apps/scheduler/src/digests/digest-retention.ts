import { deleteInPortions } from '@carillon/persistence';
import { Repeating } from '@carillon/service';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

const hourMs = 3_600_000;
/** As long as somebody may ask what a notification was sent with, and longer than any message is on its way. */
const keptDays = 90;
const rowsAtOnce = 1_000;

/** Forgets digests and batches that have long ended, with what was in them. */
@Injectable()
export class DigestRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DigestRetention.name);
  private readonly hourly = new Repeating(() => this.keepHouse(), hourMs);
  private stopping = false;

  constructor(private readonly database: DataSource) {}

  onApplicationBootstrap(): void {
    this.hourly.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.hourly.stop();
  }

  /** Never rejects: what failed is tried again in an hour. */
  async keepHouse(): Promise<void> {
    try {
      await deleteInPortions(
        this.database,
        `DELETE FROM digest_windows WHERE (tenant, window_id) IN (
           SELECT tenant, window_id FROM digest_windows
            WHERE state <> 'pending' AND closed_at < now() - make_interval(days => $1) LIMIT $2)`,
        [keptDays],
        rowsAtOnce,
        () => this.stopping,
      );
    } catch (error) {
      this.logger.warn({ msg: 'retention is tried again in an hour', error: (error as Error).message });
    }
  }
}
