import { batched, insertRows, notErased, prepared, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { NotificationRow } from '../notification-row.ts';
import { insertedRow, keyOf, type NewRow, type Stored } from './stored.ts';

/** Those that were stored before. */
function known(db: SqlRunner, rows: readonly NewRow[]): Promise<NotificationRow[]> {
  return db.query(
    `SELECT * FROM notifications
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
      const inserted = await insertRows<Pick<NotificationRow, 'tenant' | 'recipient' | 'id' | 'arrived_at'>>(
        db,
        'notifications',
        rows,
        { where: notErased('item'), onConflict: 'DO NOTHING', returning: 'tenant, recipient, id, arrived_at' },
      );
      const arrivals = new Map(inserted.map((row) => [keyOf(row), row.arrived_at]));
      const rest = rows.filter((row) => !arrivals.has(keyOf(row)));
      const before = new Map((rest.length > 0 ? await known(db, rest) : []).map((row) => [keyOf(row), row]));
      return rows.map((row) => {
        const arrived = arrivals.get(keyOf(row));
        const standing = arrived ? insertedRow(row, arrived) : before.get(keyOf(row));
        return standing && { row: standing, joined: false };
      });
    });
  }
}
