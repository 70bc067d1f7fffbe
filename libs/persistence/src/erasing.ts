import type { DataSource } from 'typeorm';
import { batched } from './batched.ts';
import type { SqlRunner } from './insert-rows.ts';
import { outlast } from './outlast.ts';

/** Somebody was erased; nothing about them from that time or before may be kept, or come back. */
export interface Erasure {
  tenant: string;
  recipient: string;
  /** RFC 3339 */
  erased_at: string;
}

/** The tombstones: who was erased and when, nothing else. For the migration of every service that keeps rows about recipients. */
export const erasedRecipientsTable = `
  CREATE TABLE erased_recipients (
    tenant    text        NOT NULL,
    recipient text        NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, recipient)
  )`;

/**
 * The guard of an insert: SQL that is true for rows that are about nobody erased since. In the same statement as the insert, so
 * that no erasure slips in between.
 *
 * @param row alias of rows with `tenant`, `recipient` and `created_at`
 */
export const notErased = (row: string): string =>
  `NOT EXISTS (SELECT FROM erased_recipients e
     WHERE e.tenant = ${row}.tenant AND e.recipient = ${row}.recipient AND ${row}.created_at <= e.erased_at)`;

/**
 * Forgets people for good, many with one statement: writes their tombstones and deletes their rows in one transaction; then
 * waits for what was being written by statements that could not see the tombstones yet, and deletes that too.
 * Repeating it changes nothing; of two erasures of the same recipient the later one counts.
 *
 * @param forget deletes what is about the recipients and not younger than their erasure
 */
export function erasing(
  db: DataSource,
  forget: (db: SqlRunner, erasures: readonly Erasure[]) => Promise<void>,
): (erasure: Erasure) => Promise<void> {
  return batched(async (erasures) => {
    await db.transaction(async (transaction) => {
      await transaction.query(
        `INSERT INTO erased_recipients (tenant, recipient, erased_at)
         SELECT tenant, recipient, max(erased_at) FROM ${erasureItems} GROUP BY tenant, recipient ORDER BY tenant, recipient
         ON CONFLICT (tenant, recipient) DO UPDATE SET erased_at = greatest(erased_recipients.erased_at, excluded.erased_at)`,
        [JSON.stringify(erasures)],
      );
      await forget(transaction, erasures);
    });
    await outlast(db);
    await forget(db, erasures);
    return erasures.map(() => undefined);
  });
}

/** Erasures as rows of SQL, from a parameter `$1` of JSON. */
export const erasureItems = `json_to_recordset($1) AS erasure(tenant text, recipient text, erased_at timestamptz)`;

/**
 * Which of these people were erased. Where rows name several people and no guard fits into the insert: asked once the rows are
 * committed, either this sees a tombstone, or whoever writes it sees the rows.
 */
export async function erasuresAmong(
  db: SqlRunner,
  people: readonly { tenant: string; recipient: string }[],
): Promise<Erasure[]> {
  if (people.length === 0) return [];
  const rows: { tenant: string; recipient: string; erased_at: Date }[] = await db.query(
    `SELECT tenant, recipient, erased_at FROM erased_recipients
     WHERE (tenant, recipient) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [people.map(({ tenant }) => tenant), people.map(({ recipient }) => recipient)],
  );
  return rows.map((row) => ({ ...row, erased_at: row.erased_at.toISOString() }));
}
