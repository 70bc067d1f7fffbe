import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { CONFIG, Repeating } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { GatewayConfig } from '../config.ts';

const sixHoursMs = 6 * 3_600_000;

/** Makes the months of the audit log that are to come, and drops those that are over. */
@Injectable()
export class AuditRetention implements BeforeApplicationShutdown {
  private readonly logger = new Logger(AuditRetention.name);
  private readonly repeating = new Repeating(() => this.keepHouse(), sixHoursMs);

  constructor(
    private readonly db: DataSource,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** To be called once the database is migrated and before the first request: without its month nothing can be recorded. */
  async start(): Promise<void> {
    await this.tend();
    this.repeating.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.repeating.stop();
  }

  private async keepHouse(): Promise<void> {
    try {
      await this.tend();
    } catch (error) {
      this.logger.warn({ msg: 'the months of the audit log are tended later', error: (error as Error).message });
    }
  }

  private async tend(): Promise<void> {
    const [{ steps }]: [{ steps: string[] }] = await this.db.query('SELECT tend_audit_log($1) AS steps', [
      this.config.AUDIT_LOG_DAYS,
    ]);
    if (steps.length > 0) this.logger.log({ msg: 'tended the audit log', steps });
  }
}
