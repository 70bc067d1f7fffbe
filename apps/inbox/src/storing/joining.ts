import { batched, erasuresAmong, insertRows, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { cancelledAmong, countRefused } from '../cancelling/cancelled-events.ts';
import { batchOf, collapse, type Batchable, type BatchRow } from './collapse.ts';
import { keyOf, type Stored } from './stored.ts';

/** What one that joins changes in the row; what it leaves is who and when the first one was. */
const changes = [
  ...[
    'category',
    'priority',
    'title',
    'message',
    'html',
    'link',
    'image',
    'actions',
    'metadata',
    'related',
    'actor',
    'actors',
  ],
  ...['count', 'template', 'locale', 'arrived_at', 'expires_at', 'read_at', 'seen_at', 'archived_at', 'snoozed_until'],
  'batch_until',
];

/** Each batch is locked; PostgreSQL has room for some thousands of locks in all. */
const locksAtMost = 100;

/** Stores notifications that become one with similar ones; those that are there together in one transaction. */
@Injectable()
export class Joining {
  /** Answers with the row that stands for it; undefined for somebody who was erased since, and for a cancelled event. */
  readonly store: (item: Batchable) => Promise<Stored | undefined>;

  constructor(database: DataSource) {
    this.store = batched<Batchable, Stored | undefined>((items) => database.transaction((db) => storeAll(db, items)), {
      max: locksAtMost,
    });
  }
}

async function storeAll(db: SqlRunner, items: readonly Batchable[]): Promise<(Stored | undefined)[]> {
  const now = await lock(db, items);
  const before = await known(db, items);
  const erased = await erasedAmong(db, items);
  const cancelled = await cancelledAmong(
    db,
    items.map(({ row }) => row),
  );
  const fresh = new Map<string, Batchable>();
  for (const item of items) {
    const key = keyOf(item.row);
    if (!before.has(key) && !erased(item) && !cancelled(item.row)) fresh.set(key, item);
  }
  await countRefused(
    db,
    items.map(({ row }) => row).filter((row) => !before.has(keyOf(row)) && cancelled(row)),
  );
  const { inserted, updated, joined } = collapse(await openAmong(db, [...fresh.values()]), [...fresh.values()], now);
  await insertRows(db, 'notifications', inserted);
  await insertRows(db, 'joined_notifications', joined);
  if (updated.length > 0) {
    await db.query(
      `UPDATE notifications n SET ${changes.map((column) => `${column} = item.${column}`).join(', ')}
         FROM json_populate_recordset(null::notifications, $1) AS item
        WHERE n.tenant = item.tenant AND n.recipient = item.recipient AND n.id = item.id`,
      [JSON.stringify(updated)],
    );
  }
  const joinedTo = new Map(joined.map((one) => [keyOf(one), one.joined]));
  return items.map(({ row }) => {
    const key = keyOf(row);
    if (!fresh.has(key)) return before.get(key);
    const id = joinedTo.get(key) ?? row.id;
    return { id, joined: id !== row.id };
  });
}

/**
 * Whoever stores others of the same batches waits, here and in other replicas; always in the same order.
 * @returns the time from then on, in milliseconds as the database has it
 */
async function lock(db: SqlRunner, items: readonly Batchable[]): Promise<Date> {
  await db.query(
    `SELECT pg_advisory_xact_lock(hashtext('inbox batches'), key)
       FROM (SELECT DISTINCT hashtext(batch) AS key FROM unnest($1::text[]) AS batch ORDER BY key) AS keys`,
    [items.map(({ row, batch }) => batchOf({ ...row, batch_key: batch.key }))],
  );
  const [{ now }] = await db.query(`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`);
  return now;
}

/** The rows that stand for those that are stored already. */
async function known(db: SqlRunner, items: readonly Batchable[]): Promise<Map<string, Stored>> {
  const rows: { tenant: string; recipient: string; id: string; standing: string }[] = await db.query(
    `SELECT item.*, n.id AS standing
       FROM unnest($1::text[], $2::text[], $3::uuid[]) AS item(tenant, recipient, id)
       LEFT JOIN joined_notifications j ON (j.tenant, j.recipient, j.id) = (item.tenant, item.recipient, item.id)
       JOIN notifications n ON (n.tenant, n.recipient, n.id) = (item.tenant, item.recipient, coalesce(j.joined, item.id))`,
    [items.map(({ row }) => row.tenant), items.map(({ row }) => row.recipient), items.map(({ row }) => row.id)],
  );
  return new Map(rows.map((row) => [keyOf(row), { id: row.standing, joined: row.standing !== row.id }]));
}

/** Locked, so that nobody deletes one that is being joined. */
function openAmong(db: SqlRunner, items: readonly Batchable[]): Promise<BatchRow[]> {
  return db.query(
    `SELECT n.* FROM notifications n
       JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS batch(tenant, recipient, type, key)) b
         ON (n.tenant, n.recipient, n.type, n.batch_key) = (b.tenant, b.recipient, b.type, b.key)
      WHERE n.batch_until > clock_timestamp() AND n.deleted_at IS NULL
      ORDER BY n.batch_until
        FOR UPDATE OF n`,
    [
      items.map(({ row }) => row.tenant),
      items.map(({ row }) => row.recipient),
      items.map(({ row }) => row.type),
      items.map(({ batch }) => batch.key),
    ],
  );
}

async function erasedAmong(db: SqlRunner, items: readonly Batchable[]): Promise<(item: Batchable) => boolean> {
  const erasures = await erasuresAmong(
    db,
    items.map(({ row }) => row),
  );
  const times = new Map(erasures.map(({ tenant, recipient, erased_at }) => [`${tenant} ${recipient}`, erased_at]));
  return ({ row }) => {
    const erasedAt = times.get(`${row.tenant} ${row.recipient}`);
    return erasedAt !== undefined && Date.parse(row.created_at) <= Date.parse(erasedAt);
  };
}
