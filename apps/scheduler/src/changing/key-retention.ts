import { deleteInPortions } from '@carillon/persistence';
import { Repeating } from '@carillon/service';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

const hourMs = 3_600_000;
/** Far longer than an event can be on its way behind the one that ends it. */
const keptDays = 30;
const rowsAtOnce = 5_000;

/** Forgets what was cancelled and moved under which key, once nothing older can come any more. */
@Injectable()
export class KeyRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(KeyRetention.name);
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
        `DELETE FROM timer_keys WHERE ctid IN (
           SELECT ctid FROM timer_keys WHERE changed_at < now() - make_interval(days => $1) LIMIT $2)`,
        [keptDays],
        rowsAtOnce,
        () => this.stopping,
      );
    } catch (error) {
      this.logger.warn({ msg: 'retention is tried again in an hour', error: (error as Error).message });
    }
  }
}
