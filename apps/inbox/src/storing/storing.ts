import { batched, insertRows, notErased, prepared, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { keyOf, type NewRow, type Stored } from './stored.ts';

type Key = Pick<NewRow, 'tenant' | 'recipient' | 'id'>;

/** Those that were stored before. */
function known(db: SqlRunner, rows: readonly NewRow[]): Promise<Key[]> {
  return db.query(
    `SELECT tenant, recipient, id FROM notifications
      WHERE (tenant, recipient, id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[]))`,
    [rows.map(({ tenant }) => tenant), rows.map(({ recipient }) => recipient), rows.map(({ id }) => id)],
  );
}

/** Stores notifications that stand for themselves, those that are there together with one statement. */
@Injectable()
export class Storing {
  /** Answers with what stands now; undefined for somebody who was erased since. */
  readonly store: (row: NewRow) => Promise<Stored | undefined>;

  constructor(database: DataSource) {
    const db = prepared(database);
    this.store = batched<NewRow, Stored | undefined>(async (rows) => {
      const stored = await insertRows<Key>(db, 'notifications', rows, {
        where: notErased('item'),
        onConflict: 'DO NOTHING',
        returning: 'tenant, recipient, id',
      });
      const standing = new Set(stored.map(keyOf));
      const rest = rows.filter((row) => !standing.has(keyOf(row)));
      for (const row of rest.length > 0 ? await known(db, rest) : []) standing.add(keyOf(row));
      return rows.map((row) => (standing.has(keyOf(row)) ? { id: row.id, joined: false } : undefined));
    });
  }
}
