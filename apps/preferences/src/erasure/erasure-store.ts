import { Injectable } from '@nestjs/common';
import { batched, erasureItems, outlast, prepared, type Erasure, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';

interface Key {
  tenant: string;
  id: string;
}

/** Tables with rows about a recipient besides `recipients` itself, and which of their rows are not younger than an erasure. */
const about = [
  { table: 'notifications', old: 'kept.created_at <= erasure.erased_at' },
  {
    table: 'throttles',
    old: `NOT EXISTS (SELECT FROM jsonb_array_elements(kept.admitted) AS admission
            WHERE to_timestamp((admission->>'at')::float8 / 1000) > erasure.erased_at)`,
  },
];

const withGone = about
  .map(
    ({ table }) => `gone_${table} AS (
         DELETE FROM ${table} AS kept USING gone WHERE kept.tenant = gone.tenant AND kept.recipient = gone.recipient)`,
  )
  .join(', ');

/** The tombstones, and what goes when one is written. */
@Injectable()
export class ErasureStore {
  /**
   * Deletes a recipient with all decisions about them and leaves a tombstone.
   * @returns when they were erased, now or before; undefined for somebody who never was
   */
  readonly erase = batched<Key, string | undefined>(async (keys) => {
    const items = JSON.stringify(keys.map(({ tenant, id }) => ({ tenant, recipient: id })));
    await this.db.query(
      `WITH gone AS (
         DELETE FROM recipients r USING ${erasureItems}
         WHERE r.tenant = erasure.tenant AND r.id = erasure.recipient RETURNING r.tenant, r.id AS recipient
       ), ${withGone}
       INSERT INTO erased_recipients (tenant, recipient, erased_at) SELECT tenant, recipient, 'infinity' FROM gone
       ON CONFLICT (tenant, recipient) DO UPDATE SET erased_at = 'infinity', announced_at = NULL`,
      [items],
    );
    // Only now, committed: an event that still found the recipient is older than this.
    await this.db.query(
      `UPDATE erased_recipients e SET erased_at = $2 FROM ${erasureItems}
       WHERE e.tenant = erasure.tenant AND e.recipient = erasure.recipient AND e.erased_at = 'infinity'`,
      [items, new Date().toISOString()],
    );
    const erased = await this.find(keys);
    return keys.map((_, index) => erased[index]?.toISOString());
  });

  /** When somebody was erased; undefined for everybody else. An erasure that is being committed has no time yet. */
  readonly erasedAt = batched<Key, Date | undefined>((keys) => this.find(keys));

  private readonly hot: SqlRunner;

  constructor(private readonly db: DataSource) {
    this.hot = prepared(db);
  }

  /** Erasures that the other services have not been told of yet, the oldest first. */
  async unannounced(most: number): Promise<Erasure[]> {
    const rows: { tenant: string; recipient: string; erased_at: Date | number }[] = await this.db.query(
      `SELECT tenant, recipient, erased_at FROM erased_recipients WHERE announced_at IS NULL ORDER BY erased_at LIMIT $1`,
      [most],
    );
    if (rows.every(({ erased_at }) => erased_at instanceof Date))
      return rows.map((row) => ({ ...row, erased_at: (row.erased_at as Date).toISOString() }));
    // Whoever began these died, or is just about to do the same.
    await this.db.query(`UPDATE erased_recipients SET erased_at = $1 WHERE erased_at = 'infinity'`, [
      new Date().toISOString(),
    ]);
    return this.unannounced(most);
  }

  /** Deletes what was being written while the tombstones were, by statements that could not see them yet. */
  async forgetStragglers(erasures: readonly Erasure[]): Promise<void> {
    await outlast(this.db);
    for (const { table, old } of about) {
      await this.db.query(
        `DELETE FROM ${table} AS kept USING ${erasureItems}
         WHERE kept.tenant = erasure.tenant AND kept.recipient = erasure.recipient AND ${old}`,
        [JSON.stringify(erasures)],
      );
    }
  }

  async markAnnounced(erasures: readonly Erasure[]): Promise<void> {
    await this.db.query(
      `UPDATE erased_recipients e SET announced_at = now() FROM ${erasureItems}
       WHERE e.tenant = erasure.tenant AND e.recipient = erasure.recipient AND e.erased_at = erasure.erased_at`,
      [JSON.stringify(erasures)],
    );
  }

  private async find(keys: readonly Key[]): Promise<(Date | undefined)[]> {
    const rows: { tenant: string; recipient: string; erased_at: Date | number }[] = await this.hot.query(
      `SELECT tenant, recipient, erased_at FROM erased_recipients
       WHERE (tenant, recipient) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      [keys.map(({ tenant }) => tenant), keys.map(({ id }) => id)],
    );
    // The driver reads infinity as a number.
    const now = new Date();
    const found = new Map(
      rows.map(({ tenant, recipient, erased_at }) => [
        `${tenant}\n${recipient}`,
        erased_at instanceof Date ? erased_at : now,
      ]),
    );
    return keys.map(({ tenant, id }) => found.get(`${tenant}\n${id}`));
  }
}
