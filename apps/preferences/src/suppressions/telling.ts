import { suppressionChanges, uuidv8, type SuppressionReason } from '@carillon/contracts';
import type { Messages } from '@carillon/messaging';
import type { SqlRunner } from '@carillon/persistence';
import type { AddressKey } from './suppressions.ts';

/** Whether an address may be written to, and when that was so. */
export interface Standing extends AddressKey {
  /** Null: it may. */
  readonly reason: SuppressionReason | null;
  readonly at: string;
}

/** How addresses stand, asked while their tenants' locks are held: so a later answer has a later time. */
export async function standingOf(db: SqlRunner, addresses: readonly AddressKey[]): Promise<Standing[]> {
  if (addresses.length === 0) return [];
  const rows: (Omit<Standing, 'at'> & { at: Date })[] = await db.query(
    `SELECT DISTINCT item.tenant, item.channel, item.address, s.reason, clock_timestamp() AS at
     FROM json_to_recordset($1) AS item(tenant text, channel text, address text)
     LEFT JOIN suppressions s USING (tenant, channel, address)`,
    [JSON.stringify(addresses.map(({ tenant, channel, address }) => ({ tenant, channel, address })))],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/**
 * Tells the senders, which may have something for these addresses in their hands; resolves when the broker has confirmed. Whoever
 * asked for the change asks again when this fails, and everything is told once more.
 */
export async function tell(messages: Messages, standings: readonly Standing[]): Promise<void> {
  await Promise.all(
    standings.map(({ tenant, channel, address, reason, at }) =>
      messages.publish(
        suppressionChanges[channel],
        { address, reason, at },
        { tenant, id: uuidv8(Date.parse(at), 'suppression changed', tenant, channel, address) },
      ),
    ),
  );
}
