import type { InboxFilter } from '@carillon/contracts';
import { conditions, searched, views, type Condition, type Owner } from './visible.ts';

export interface Query {
  sql: string;
  parameters: unknown[];
}

/** A place in a list: what follows it is older, or as old with a lower id. */
export interface Place {
  arrived_at: Date;
  id: string;
}

/** So many of the newest are searched: a search takes a bounded time however much somebody keeps. */
const searchedAtMost = 10_000;

/** The query of a page; it asks for one row more than the page holds. */
export function listing(owner: Owner, filter: InboxFilter, limit: number, after: Place | null): Query {
  const { parameters, parameter } = parametersOf(owner);
  const all = (list: Condition[]): string => list.map(({ sql, value }) => ` AND ${sql(parameter(value))}`).join('');
  const wanted = `${views[filter.status]}${all(conditions(filter))}`;
  const below = after
    ? ` AND (arrived_at, id) < (${parameter(after.arrived_at)}::timestamptz, ${parameter(after.id)}::uuid)`
    : '';
  const from = (condition: string, most: number): string =>
    filter.status === 'all'
      ? fromBoth(condition, most)
      : `notifications WHERE tenant = $1 AND recipient = $2 AND ${condition}`;
  const newestFirst = (most: number): string => `ORDER BY arrived_at DESC, id DESC LIMIT ${most}`;
  const sql =
    filter.q === undefined
      ? `SELECT * FROM ${from(wanted + below, limit + 1)} ${newestFirst(limit + 1)}`
      : `SELECT * FROM (SELECT * FROM ${from(wanted, searchedAtMost)} ${newestFirst(searchedAtMost)}) AS newest
          WHERE true${all(searched(filter.q))}${below} ${newestFirst(limit + 1)}`;
  return { sql, parameters };
}

/** Each half has an index in order, the whole has none; PostgreSQL merges them without sorting. */
function fromBoth(condition: string, most: number): string {
  const half = (archived: string): string =>
    `(SELECT * FROM notifications WHERE tenant = $1 AND recipient = $2 AND archived_at ${archived} AND ${condition}
       ORDER BY arrived_at DESC, id DESC LIMIT ${most})`;
  return `(${half('IS NULL')} UNION ALL ${half('IS NOT NULL')}) AS notifications`;
}

/** What came after a place, oldest first. */
export function arrivedAfter({ tenant, recipient }: Owner, since: Place, limit: number): Query {
  return {
    sql: `SELECT * FROM notifications
           WHERE tenant = $1 AND recipient = $2 AND (arrived_at, id) > ($3::timestamptz, $4::uuid) AND ${views.inbox}
           ORDER BY arrived_at, id LIMIT ${limit + 1}`,
    parameters: [tenant, recipient, since.arrived_at, since.id],
  };
}

/** How many are unread in each of several inboxes, in their order. */
export const unreadCounts = `
  SELECT (SELECT count(*)::int FROM notifications
           WHERE tenant = owner.tenant AND recipient = owner.recipient AND ${views.unread}) AS count
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS owner(tenant, recipient, place)
   ORDER BY place`;

/**
 * The same for those of several inboxes that somebody watches, each with its place, and with the notifications that are named
 * by place (`$3`) and id (`$4`) as they are now: one line for each, whose id is null where the notification is gone or none is named.
 */
export const watchedChanges = `
  WITH watched AS MATERIALIZED (
    SELECT place::int, owner.tenant, owner.recipient, (SELECT count(*)::int FROM notifications
             WHERE tenant = owner.tenant AND recipient = owner.recipient AND ${views.unread}) AS unread
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS owner(tenant, recipient, place)
     WHERE (SELECT until FROM watched_inboxes WHERE tenant = owner.tenant AND recipient = owner.recipient) > now())
  SELECT notifications.*, watched.place, watched.unread
    FROM watched
    LEFT JOIN unnest($3::int[], $4::uuid[]) AS changed(place, changed_id) USING (place)
    LEFT JOIN notifications ON notifications.tenant = watched.tenant AND notifications.recipient = watched.recipient
          AND notifications.id = changed_id AND deleted_at IS NULL`;

/** Everything that has not expired, by what statistics count. */
export const grouped = `
  SELECT category, type, priority,
         CASE WHEN archived_at IS NOT NULL THEN 'archived' WHEN snoozed_until > now() THEN 'snoozed'
              WHEN read_at IS NULL THEN 'unread' ELSE 'read' END AS status,
         count(*)::int AS count, count(*) FILTER (WHERE seen_at IS NULL)::int AS unseen
    FROM notifications
   WHERE tenant = $1 AND recipient = $2 AND ${views.all}
   GROUP BY 1, 2, 3, 4`;

/** SQL: the id of the row that stands for the notification `$3` of an inbox: its own, or that of the one it became one with. */
export const rowOfThird =
  'coalesce((SELECT joined FROM joined_notifications WHERE tenant = $1 AND recipient = $2 AND id = $3), $3)';

/** One with the version of its row, also by the id of a notification that became one with it. */
export const oneOf = `
  SELECT *, xmin::text AS version FROM notifications
   WHERE tenant = $1 AND recipient = $2 AND deleted_at IS NULL AND id = ${rowOfThird}`;

function parametersOf({ tenant, recipient }: Owner) {
  const parameters: unknown[] = [tenant, recipient];
  return { parameters, parameter: (value: unknown): string => `$${parameters.push(value)}` };
}
