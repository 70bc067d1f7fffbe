import type { SqlRunner } from '@carillon/persistence';

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
