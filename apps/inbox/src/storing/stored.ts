import type { NotificationRow, rowOf } from '../notification-row.ts';

/** A notification that is to be stored; times are ISO strings. */
export type NewRow = ReturnType<typeof rowOf>;

/** The row that stands for a notification, now or since before. */
export interface Stored {
  id: string;
  /** Whether it is that of an earlier notification, with which it became one. */
  joined: boolean;
}

/** What names a row among those of several tenants. */
export const keyOf = ({ tenant, recipient, id }: { tenant: string; recipient: string; id: string }): string =>
  `${tenant} ${id} ${recipient}`;

/** A row as the database has it once it is inserted. */
export function insertedRow(row: NewRow, arrived_at: Date): NotificationRow {
  return {
    ...row,
    html: row.html ?? null,
    locale: row.locale ?? null,
    created_at: new Date(row.created_at),
    expires_at: row.expires_at === undefined ? null : new Date(row.expires_at),
    arrived_at,
    actors: null,
    count: 1,
    read_at: null,
    first_read_at: null,
    seen_at: null,
    archived_at: null,
    snoozed_until: null,
    deleted_at: null,
  };
}
