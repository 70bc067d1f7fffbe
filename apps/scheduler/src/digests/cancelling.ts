import type { SqlRunner } from '@carillon/persistence';
import { namedItems } from './named.ts';

/**
 * Takes what waits of an event out of digests and batches; what is on its way is not called back.
 * @returns how many there were
 */
export async function cancelItemsOfEvent(db: SqlRunner, tenant: string, eventId: string): Promise<number> {
  const [, count]: [unknown, number] = await db.query(
    `UPDATE digest_items SET state = 'cancelled', item = NULL WHERE tenant = $1 AND event_id = $2 AND state = 'waiting'`,
    [tenant, eventId],
  );
  return count;
}

/** The same for items whose event had been cancelled before they came. To be called once they are committed. */
export async function cancelAmong(
  db: SqlRunner,
  items: readonly { tenant: string; event: { id: string } }[],
): Promise<void> {
  await db.query(
    `WITH named AS (
       SELECT c.tenant, c.event_id FROM cancelled_events c
       WHERE (c.tenant, c.event_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])))
     UPDATE digest_items i SET state = 'cancelled', item = NULL FROM named
      WHERE i.state = 'waiting' AND ${namedItems('event_id')}`,
    [items.map(({ tenant }) => tenant), items.map(({ event }) => event.id)],
  );
}
