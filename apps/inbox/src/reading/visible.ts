import type { InboxFilter, InboxView } from '@carillon/contracts';

/** Whose inbox. Every query names both. */
export interface Owner {
  tenant: string;
  recipient: string;
}

/** What is seen at all. */
const lasting = '(expires_at IS NULL OR expires_at > now())';
const notArchived = 'archived_at IS NULL AND deleted_at IS NULL';
/** By the database's clock, so that a snoozed one is back, and an expired one gone, at that very moment without anyone's doing. */
const here = `${notArchived} AND (snoozed_until IS NULL OR snoozed_until <= now()) AND ${lasting}`;

/** SQL that is true for what a view of the inbox has. The words of the indexes' own conditions stand in it, so that they are used. */
export const views: Readonly<Record<InboxView, string>> = {
  inbox: here,
  unread: `read_at IS NULL AND ${here}`,
  read: `read_at IS NOT NULL AND ${here}`,
  archived: `archived_at IS NOT NULL AND deleted_at IS NULL AND ${lasting}`,
  // A snoozed one stands at the time of its return, so that only what is at the top is looked at.
  snoozed: `${notArchived} AND snoozed_until > now() AND arrived_at > now() AND ${lasting}`,
  all: `deleted_at IS NULL AND ${lasting}`,
};

/** A condition that filters a view further. */
export interface Condition {
  sql: (parameter: string) => string;
  value: string;
}

/** What is asked for besides the view. */
export function conditions({ type, category, priority, since }: Partial<InboxFilter>): Condition[] {
  const equals = (column: string, value: string | undefined): Condition[] =>
    value === undefined ? [] : [{ sql: (parameter) => `${column} = ${parameter}`, value }];
  return [
    ...equals('type', type),
    ...equals('category', category),
    ...equals('priority', priority),
    ...(since === undefined
      ? []
      : [{ sql: (parameter: string) => `arrived_at >= ${parameter}::timestamptz`, value: since }]),
  ];
}

/** Every word has to occur in title or message. */
export function searched(q: string | undefined): Condition[] {
  return (q?.split(/\s+/) ?? []).map((word) => ({
    sql: (parameter) => `(title ILIKE ${parameter} OR message ILIKE ${parameter})`,
    value: `%${word.replace(/[\\%_]/g, '\\$&')}%`,
  }));
}
