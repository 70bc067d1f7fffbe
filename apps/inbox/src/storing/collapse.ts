import type { Actor, Batch } from '@carillon/contracts';
import { insertedRow, type NewRow } from './stored.ts';
import type { NotificationRow } from '../notification-row.ts';

/** One that may become one with others. */
export interface Batchable {
  row: NewRow;
  batch: Batch;
}

/** A row that others may join. */
export type BatchRow = NotificationRow & { batch_key: string; batch_until: Date | null };

/** What is to be written. */
export interface Collapsed {
  inserted: BatchRow[];
  updated: BatchRow[];
  /** Which notification became one with which. */
  joined: { tenant: string; recipient: string; id: string; joined: string }[];
}

const actorsAtMost = 5;

/** What makes notifications one: the same for all that may. */
export const batchOf = (row: { tenant: string; recipient: string; type: string; batch_key: string }): string =>
  JSON.stringify([row.tenant, row.recipient, row.type, row.batch_key]);

/**
 * Similar notifications become one: the first one's row counts them, says what the last one says, and is unread and at the top
 * again, wherever its recipient had put it. A row takes others in until its window ends or it is full.
 *
 * @param open the row of each batch that may still take others in
 * @param items none of which is stored yet, each id once
 */
export function collapse(open: readonly BatchRow[], items: readonly Batchable[], now: Date): Collapsed {
  const rows = new Map(open.map((row) => [batchOf(row), row]));
  const inserted = new Map<string, BatchRow>();
  const updated = new Map<string, BatchRow>();
  const joined: Collapsed['joined'] = [];
  for (const { row: item, batch } of items.toSorted((one, other) => (one.row.id < other.row.id ? -1 : 1))) {
    const key = batchOf({ ...item, batch_key: batch.key });
    const former = rows.get(key);
    const row = former?.batch_until ? taking(former, item, batch, now) : first(item, batch, now);
    rows.set(key, row);
    if (row.id === item.id || inserted.has(row.id)) inserted.set(row.id, row);
    else updated.set(row.id, row);
    if (row.id !== item.id)
      joined.push({ tenant: item.tenant, recipient: item.recipient, id: item.id, joined: row.id });
  }
  return { inserted: [...inserted.values()], updated: [...updated.values()], joined };
}

function first(item: NewRow, { key, window_ms }: Batch, now: Date): BatchRow {
  return { ...insertedRow(item, now), batch_key: key, batch_until: new Date(now.getTime() + window_ms) };
}

function taking(row: BatchRow, item: NewRow, { max }: Batch, now: Date): BatchRow {
  const { id, delivery_id, created_at, first_read_at, read_announced, batch_key, batch_until } = row;
  const count = row.count + 1;
  return {
    ...insertedRow(item, now),
    ...{ id, delivery_id, created_at, first_read_at, read_announced, batch_key },
    count,
    actors: actorsOf(item.actor, row),
    batch_until: max !== undefined && count >= max ? null : batch_until,
  };
}

function actorsOf(latest: Actor | null, { actors, actor }: BatchRow): Actor[] {
  const all = [...(latest ? [latest] : []), ...(actors ?? (actor ? [actor] : []))];
  const named = new Map<string, Actor>();
  for (const one of all) {
    const name = one.id ?? one.name ?? '';
    if (!named.has(name)) named.set(name, one);
  }
  return [...named.values()].slice(0, actorsAtMost);
}
