import type { InAppChunkRendered } from '@carillon/contracts';
import { batched, insertRows, notErased, prepared, wasCancelled, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { countRefused } from '../cancelling/cancelled-events.ts';
import { rowOf } from '../notification-row.ts';
import { keyOf, type NewRow, type Stored } from './stored.ts';

type Key = Pick<NewRow, 'tenant' | 'recipient' | 'id'>;

/** Of nobody who was erased since, and of no event that was cancelled. */
const welcome = `${notErased('item')} AND NOT ${wasCancelled('item')}`;

/** Those that were stored before. */
function known(db: SqlRunner, rows: readonly Key[]): Promise<Key[]> {
  return db.query(
    `SELECT tenant, recipient, id FROM notifications
      WHERE (tenant, recipient, id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[]))`,
    [rows.map(({ tenant }) => tenant), rows.map(({ recipient }) => recipient), rows.map(({ id }) => id)],
  );
}

/** Stores notifications that stand for themselves, those that are there together with one statement. */
@Injectable()
export class Storing {
  /** Answers with what stands now; undefined for somebody who was erased since, and for a cancelled event. */
  readonly store: (row: NewRow) => Promise<Stored | undefined>;

  private readonly db: SqlRunner;

  constructor(database: DataSource) {
    const db = (this.db = prepared(database));
    this.store = batched<NewRow, Stored | undefined>(async (rows) => {
      const stored = await insertRows<Key>(db, 'notifications', rows, {
        where: welcome,
        onConflict: 'DO NOTHING',
        returning: 'tenant, recipient, id',
      });
      const standing = new Set(stored.map(keyOf));
      const rest = rows.filter((row) => !standing.has(keyOf(row)));
      for (const row of rest.length > 0 ? await known(db, rest) : []) standing.add(keyOf(row));
      await countRefused(
        db,
        rest.filter((row) => !standing.has(keyOf(row))),
      );
      return rows.map((row) => (standing.has(keyOf(row)) ? { id: row.id, joined: false } : undefined));
    });
  }

  /** Stores the same words for many. Answers with the ids of those that stand; the others were erased since, or the event was cancelled. */
  async storeChunk(tenant: string, { to, ...words }: InAppChunkRendered): Promise<Set<string>> {
    const { recipient: _, id: __, delivery_id: ___, ...shared } = rowOf(tenant, { ...words, ...to[0]! });
    const rows = to.map(({ notification_id, recipient, delivery_id }) => ({
      recipient,
      id: notification_id,
      delivery_id,
    }));
    const stored = await insertRows<Key>(this.db, 'notifications', rows, {
      shared,
      where: welcome,
      onConflict: 'DO NOTHING',
      returning: 'id',
    });
    const standing = new Set(stored.map(({ id }) => id));
    const rest = rows.filter(({ id }) => !standing.has(id)).map((row) => ({ tenant, ...row }));
    for (const { id } of rest.length > 0 ? await known(this.db, rest) : []) standing.add(id);
    await countRefused(
      this.db,
      rest.filter(({ id }) => !standing.has(id)).map(() => ({ tenant, event_id: words.event_id })),
    );
    return standing;
  }
}
