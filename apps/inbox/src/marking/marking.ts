import { Problem } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { NotificationRow } from '../notification-row.ts';
import { Inbox } from '../reading/inbox.ts';
import type { Owner } from '../reading/visible.ts';
import { ReadOutcomes } from './read-outcomes.ts';

/** Marks notifications read and unread, and lets the first reading be known. */
@Injectable()
export class Marking {
  constructor(
    private readonly database: DataSource,
    private readonly inbox: Inbox,
    private readonly outcomes: ReadOutcomes,
  ) {}

  /** Repeating it changes nothing. @throws Problem 404 */
  async mark(owner: Owner, id: string, read: boolean): Promise<NotificationRow> {
    let row = await this.inbox.get(owner, id);
    if ((row.read_at !== null) !== read) row = await this.set(owner, id, read);
    if (row.first_read_at && !row.read_announced) await this.outcomes.announce(owner);
    return row;
  }

  /** Returns how many were unread until now; one statement, so none slips in between. Expired ones stay as they are. */
  async markAllRead({ tenant, recipient }: Owner): Promise<number> {
    const [, updated]: [unknown, number] = await this.database.query(
      `UPDATE notifications
          SET read_at = now(), first_read_at = coalesce(first_read_at, now())
        WHERE tenant = $1 AND recipient = $2 AND read_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
      [tenant, recipient],
    );
    await this.outcomes.announce({ tenant, recipient });
    return updated;
  }

  /** Of two at the same time the second keeps the first one's time. */
  private async set({ tenant, recipient }: Owner, id: string, read: boolean): Promise<NotificationRow> {
    const [rows]: [NotificationRow[], number] = await this.database.query(
      `UPDATE notifications
          SET read_at = CASE WHEN $4 THEN coalesce(read_at, now()) END,
              first_read_at = CASE WHEN $4 THEN coalesce(first_read_at, now()) ELSE first_read_at END
        WHERE tenant = $1 AND recipient = $2 AND id = $3
        RETURNING *`,
      [tenant, recipient, id, read],
    );
    if (!rows[0]) throw Problem.notFound('notification', id);
    return rows[0];
  }
}
