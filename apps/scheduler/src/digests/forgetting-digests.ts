import { erasureItems, type Erasure, type SqlRunner } from '@carillon/persistence';

/** Deletes what waits of erased recipients, and the windows that are about them alone. */
export async function forgetDigests(db: SqlRunner, erasures: readonly Erasure[]): Promise<void> {
  const erased = [JSON.stringify(erasures)];
  // As whoever joins or closes them does, so that nobody waits in a circle.
  await db.query(
    `SELECT FROM digest_windows w JOIN ${erasureItems} USING (tenant, recipient)
      ORDER BY w.tenant, w.recipient, w.channel, w.scope FOR UPDATE OF w`,
    erased,
  );
  await db.query(
    `DELETE FROM digest_items USING ${erasureItems}
      WHERE digest_items.tenant = erasure.tenant AND digest_items.recipient = erasure.recipient
        AND digest_items.created_at <= erasure.erased_at`,
    erased,
  );
  await db.query(
    `DELETE FROM digest_windows w USING ${erasureItems}
      WHERE w.tenant = erasure.tenant AND w.recipient = erasure.recipient AND w.opened_at <= erasure.erased_at
        AND NOT EXISTS (SELECT FROM digest_items i WHERE i.tenant = w.tenant AND i.window_id = w.window_id)`,
    erased,
  );
}
