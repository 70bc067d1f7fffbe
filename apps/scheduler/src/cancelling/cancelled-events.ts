import type { EventCancelled } from '@carillon/contracts';
import { rememberCancelled, wasCancelled } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { cancelItemsOfEvent } from '../digests/cancelling.ts';
import { cancelled, stillWaits } from '../firing/timers.ts';
import type { NewTimer } from '../setting/new-timer.ts';

/**
 * The events that were cancelled. As with keys, what was said is written down before the timers are looked for, and whoever sets a
 * timer looks there after it is written.
 */
@Injectable()
export class CancelledEvents {
  constructor(private readonly database: DataSource) {}

  /** Cancels all timers of an event, its reminders among them, and takes it out of digests and batches; repeating it cancels what has come since. */
  async stop(tenant: string, { event_id, cancelled_at }: EventCancelled): Promise<void> {
    await this.database.query(rememberCancelled, [tenant, event_id, cancelled_at]);
    await this.database.query(`UPDATE timers SET ${cancelled} WHERE tenant = $1 AND event_id = $2 AND ${stillWaits}`, [
      tenant,
      event_id,
    ]);
    await cancelItemsOfEvent(this.database, tenant, event_id);
  }

  /** How many timers of an event, and items of digests and batches, were cancelled. */
  async count(tenant: string, event: string): Promise<{ timers: number; digest_items: number }> {
    const [counts]: [{ timers: number; digest_items: number }] = await this.database.query(
      `SELECT
         (SELECT count(*)::int FROM timers WHERE tenant = $1 AND event_id = $2 AND state = 'cancelled') AS timers,
         (SELECT count(*)::int FROM digest_items WHERE tenant = $1 AND event_id = $2 AND state = 'cancelled') AS digest_items`,
      [tenant, event],
    );
    return counts;
  }

  /** Cancels new timers whose event had been cancelled before they came. To be called once they are committed. */
  async recheck(timers: readonly Pick<NewTimer, 'timer_id' | 'event_id'>[]): Promise<void> {
    const ids = timers.flatMap(({ timer_id, event_id }) => (event_id === undefined ? [] : timer_id));
    if (ids.length === 0) return;
    await this.database.query(
      `UPDATE timers SET ${cancelled} WHERE timer_id = ANY($1) AND ${stillWaits} AND ${wasCancelled('timers')}`,
      [ids],
    );
  }
}
