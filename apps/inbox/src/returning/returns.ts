import { prepared, type SqlRunner } from '@carillon/persistence';
import { Repeating } from '@carillon/service';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { NotificationRow } from '../notification-row.ts';
import { Signals } from '../signals/signals.ts';

const tickMs = 1_000;
const rowsAtOnce = 500;

/**
 * Tells sockets of snoozed notifications that are back. Lists and counts need nobody to do anything, so all that can be late is
 * the signal, by a second. The row remembers until the broker has it: what falls due while nothing runs is told afterwards, and of
 * two replicas that tell it at once the second tells it in vain.
 */
@Injectable()
export class Returns implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Returns.name);
  private readonly db: SqlRunner;
  private readonly ticking = new Repeating(() => this.tick(), tickMs);
  private failing = false;

  constructor(
    database: DataSource,
    private readonly signals: Signals,
  ) {
    this.db = prepared(database);
  }

  start(): void {
    this.ticking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.ticking.stop();
  }

  /** Never rejects: what failed is tried again in a second. */
  private async tick(): Promise<void> {
    try {
      while ((await this.tellDue()) === rowsAtOnce);
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.warn({ msg: 'cannot tell of returns', error: (error as Error).message });
      this.failing = true;
    }
  }

  private async tellDue(): Promise<number> {
    const rows: Pick<NotificationRow, 'tenant' | 'recipient' | 'id' | 'expires_at'>[] = await this.db.query(
      `SELECT tenant, recipient, id, expires_at FROM notifications WHERE snoozed_until <= now() ORDER BY snoozed_until LIMIT ${rowsAtOnce}`,
    );
    if (rows.length === 0) return 0;
    const now = new Date();
    const lasting = rows.filter(({ expires_at }) => !expires_at || expires_at > now);
    await Promise.all(
      lasting.map((row) => this.signals.send({ tenant: row.tenant, recipient: row.recipient, updated: row.id })),
    );
    // Not one that was snoozed again meanwhile.
    await this.db.query(
      `UPDATE notifications SET snoozed_until = NULL
        WHERE (tenant, recipient, id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[])) AND snoozed_until <= now()`,
      [rows.map(({ tenant }) => tenant), rows.map(({ recipient }) => recipient), rows.map(({ id }) => id)],
    );
    return rows.length;
  }
}
