import { firstIdAt, timeOfId, type DeliveryState, type EventCancelled, type SentChannel } from '@carillon/contracts';
import { outlast, rememberCancelled } from '@carillon/persistence';
import type { DataSource } from 'typeorm';
import { changedFrom } from '../state/standing.ts';

/** Deliveries cancelled with one statement, so that none holds its locks for long. */
const atOnce = 5_000;

/** SQL: the deliveries of an event, by the first part of their ids. Parameters: tenant, lowest and highest id, event. */
const ofEvent = 'tenant = $1 AND id >= $2 AND id < $3 AND event_id = $4';
const parametersOf = (tenant: string, event: string): unknown[] => [
  tenant,
  firstIdAt(timeOfId(event)),
  firstIdAt(timeOfId(event) + 1),
  event,
];

/**
 * The events that were cancelled. Deliveries that wait are cancelled at once; what is still on its way is recorded as cancelled when it
 * arrives, and what is being sent at this moment is not tried again.
 */
export class CancelledEvents {
  constructor(
    private readonly db: DataSource,
    readonly channel: SentChannel,
  ) {}

  /** Repeating it changes nothing. The lease of what it cancels is over at once, by which the retry loop finds it and tells of it. */
  async stop(tenant: string, { event_id, cancelled_at }: EventCancelled): Promise<void> {
    await this.db.query(rememberCancelled, [tenant, event_id, cancelled_at]);
    // Statements under way do not know of it yet; what they insert is among what is cancelled next.
    await outlast(this.db);
    const waiting = changedFrom({ kind: 'cancelled' });
    let cancelled: number;
    do {
      [, cancelled] = await this.db.query(
        `UPDATE deliveries SET status = 'cancelled', next_attempt_at = NULL, lease_until = now(), updated_at = now()
          WHERE ${ofEvent} AND status = ANY ($5)
            AND id IN (SELECT id FROM deliveries WHERE ${ofEvent} AND status = ANY ($5) LIMIT ${atOnce})`,
        [...parametersOf(tenant, event_id), waiting],
      );
    } while (cancelled === atOnce);
  }

  /** How many deliveries of an event stand where. */
  async count(tenant: string, event: string): Promise<Partial<Record<DeliveryState, number>>> {
    const rows: { status: DeliveryState; count: number }[] = await this.db.query(
      `SELECT status, count(*)::int AS count FROM deliveries WHERE ${ofEvent} GROUP BY status`,
      parametersOf(tenant, event),
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }
}
