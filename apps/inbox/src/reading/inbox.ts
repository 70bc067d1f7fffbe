import {
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

  /** What came after a notification, oldest first. @throws Problem 400 when it is no id */
  async missed(owner: Owner, request: { since: string }, limit: number) {
    const { since } = parseInput(sinceSchema, request, 'request');
    const [known] = (await this.db.query(oneOf, [owner.tenant, owner.recipient, since])) as NotificationRow[];
    const place = known ?? { arrived_at: new Date(timeOfId(since)), id: since };
    const { sql, parameters } = arrivedAfter(owner, place, limit);
    const rows: NotificationRow[] = await this.database.query(sql, parameters);
    return { rows: rows.slice(0, limit), more: rows.length > limit };
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
