import {
  firstIdAt,
  inboxPlacePattern,
  parseInput,
  Problem,
  timeOfId,
  uuidSchema,
  type InboxFilter,
  type InboxStats,
} from '@carillon/contracts';
import { prepared, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import type { NotificationRow } from '../notification-row.ts';
import { arrivedAfter, grouped, listing, oneOf, unreadCounts, type Place } from './queries.ts';
import { statsOf, type Group } from './stats.ts';
import type { Owner } from './visible.ts';

const sinceSchema = z.object({ since: uuidSchema });

/** Reads inboxes. */
@Injectable()
export class Inbox {
  private readonly db: SqlRunner;

  constructor(private readonly database: DataSource) {
    this.db = prepared(database);
  }

  /**
   * A page, newest first.
   * @param after place of the last row of the page before
   * @throws Problem 400 `invalid_cursor` when `after` is no place
   */
  async list(owner: Owner, filter: InboxFilter, limit: number, after: string | null) {
    const { sql, parameters } = listing(owner, filter, limit, after === null ? null : placeIn(after));
    const rows: NotificationRow[] = await this.database.query(sql, parameters);
    if (rows.length <= limit) return { rows, next: null };
    const { arrived_at, id } = rows[limit - 1]!;
    return { rows: rows.slice(0, limit), next: `${arrived_at.getTime()}.${id}` };
  }

  /** What came after a notification, or a while before it, oldest first. @throws Problem 400 when it is no id */
  async missed(owner: Owner, request: { since: string; overlap_ms?: number }, limit: number) {
    const { since } = parseInput(sinceSchema, request, 'request');
    const { overlap_ms = 0 } = request;
    const [known] = (await this.db.query(oneOf, [owner.tenant, owner.recipient, since])) as NotificationRow[];
    const stands = known && known.count === 1 && known.arrived_at <= new Date();
    const place = stands ? known : { arrived_at: new Date(timeOfId(since)), id: since };
    const start = new Date(place.arrived_at.getTime() - overlap_ms);
    const from = overlap_ms > 0 ? { arrived_at: start, id: firstIdAt(0) } : place;
    const { sql, parameters } = arrivedAfter(owner, from, limit);
    const rows: NotificationRow[] = await this.database.query(sql, parameters);
    const after = rows.findIndex((row) => isAfter(row, place));
    return {
      rows: rows.slice(0, limit),
      overlap: after < 0 ? Math.min(rows.length, limit) : after,
      more: rows.length > limit,
    };
  }

  async countUnread({ tenant, recipient }: Owner): Promise<number> {
    const [{ count }] = await this.db.query(unreadCounts, [[tenant], [recipient]]);
    return count;
  }

  async stats({ tenant, recipient }: Owner): Promise<InboxStats> {
    return statsOf((await this.db.query(grouped, [tenant, recipient])) as Group[]);
  }

  /** @throws Problem 404, also for another recipient's or another tenant's id */
  async get({ tenant, recipient }: Owner, id: string): Promise<NotificationRow & { version: string }> {
    const isId = uuidSchema.safeParse(id).success;
    const [row] = isId ? await this.db.query(oneOf, [tenant, recipient, id]) : [];
    if (!row) throw Problem.notFound('notification', id);
    return row;
  }
}

function isAfter(row: Place, place: Place): boolean {
  const later = row.arrived_at.getTime() - place.arrived_at.getTime();
  return later > 0 || (later === 0 && row.id > place.id);
}

function placeIn(after: string): Place {
  const [, time, id] = inboxPlacePattern.exec(after) ?? [];
  if (time !== undefined) return { arrived_at: new Date(Number(time)), id: id! };
  throw new Problem({
    status: 400,
    code: 'invalid_cursor',
    title: 'The cursor is not valid',
    errors: [{ path: 'cursor', message: 'must be the next_cursor of the page before' }],
  });
}
