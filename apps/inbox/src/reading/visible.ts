import type { InboxFilter } from '@carillon/contracts';
import { IsNull, LessThan, Not, Raw, type FindOptionsWhere } from 'typeorm';
import type { NotificationRow } from '../notification-row.ts';

/** Whose inbox. Every query names both. */
export interface Owner {
  tenant: string;
  recipient: string;
}

/**
 * What of an inbox its owner gets to see: everything that matches the filter and has not expired by the database's clock.
 *
 * @param after the id below which a further page begins; ids sort by time, so a page never shifts when new ones arrive
 */
export function visible(
  { tenant, recipient }: Owner,
  { status, type, category, priority }: InboxFilter = { status: 'all' },
  after: string | null = null,
): FindOptionsWhere<NotificationRow> {
  return {
    tenant,
    recipient,
    expires_at: Raw((column) => `(${column} IS NULL OR ${column} > now())`),
    ...(status === 'unread' && { read_at: IsNull() }),
    ...(status === 'read' && { read_at: Not(IsNull()) }),
    ...(type !== undefined && { type }),
    ...(category !== undefined && { category }),
    ...(priority !== undefined && { priority }),
    ...(after !== null && { id: LessThan(after) }),
  };
}

/** One more row than the page holds tells whether another page follows; its last id is where that one begins. */
export function page<Row extends { id: string }>(rows: Row[], limit: number): { rows: Row[]; next: string | null } {
  if (rows.length <= limit) return { rows, next: null };
  const shown = rows.slice(0, limit);
  return { rows: shown, next: shown.at(-1)!.id };
}
