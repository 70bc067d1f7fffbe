import type { NotificationChange } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { NotificationRow } from '../notification-row.ts';
import { Inbox } from '../reading/inbox.ts';
import { conditions, views, type Owner } from '../reading/visible.ts';
import { Signals } from '../signals/signals.ts';
import { changed } from '../state/state.ts';
import { ReadOutcomes } from './read-outcomes.ts';
import { checkSnooze } from './snooze.ts';

/** So many changed at once are told one by one; of more only that they changed. */
const toldAtMost = 50;

/** What recipients do with their notifications: a change is committed, then told to their sockets; a first reading to all. */
@Injectable()
export class Changing {
  constructor(
    private readonly database: DataSource,
    private readonly inbox: Inbox,
    private readonly outcomes: ReadOutcomes,
    private readonly signals: Signals,
  ) {}

  /** Repeating it changes nothing and tells nobody. @throws Problem 404, 422 `invalid_snooze` */
  async change({ tenant, recipient }: Owner, id: string, change: NotificationChange): Promise<NotificationRow> {
    const owner = { tenant, recipient };
    if (change.to === 'snooze') checkSnooze(change.until, new Date());
    const { row, news } = await this.set(owner, id, change);
    if (row.first_read_at && !row.read_announced) await this.outcomes.announce(owner);
    if (news) await this.signals.send({ ...owner, updated: row.id });
    return row;
  }

  /** Returns how many were unread until now; one statement, so none slips in between. */
  async markAllRead({ tenant, recipient }: Owner, filter: { type?: string; category?: string }): Promise<number> {
    const parameters: unknown[] = [tenant, recipient];
    const wanted = conditions(filter).map(({ sql, value }) => ` AND ${sql(`$${parameters.push(value)}`)}`);
    const ids = await this.update(
      `UPDATE notifications
          SET read_at = now(), first_read_at = coalesce(first_read_at, now()), seen_at = coalesce(seen_at, now())
        WHERE tenant = $1 AND recipient = $2 AND ${views.unread}${wanted.join('')}
        RETURNING id`,
      parameters,
    );
    await this.outcomes.announce({ tenant, recipient });
    await this.tell({ tenant, recipient }, ids);
    return ids.length;
  }

  /** What changed at once is told at once, in one message. */
  private async tell(owner: Owner, ids: string[]): Promise<void> {
    if (ids.length > toldAtMost) await this.signals.send({ ...owner, reload: true });
    else await Promise.all(ids.map((id) => this.signals.send({ ...owner, updated: id })));
  }

  /** Of two changes at the same time one is made on top of the other. */
  private async set(
    owner: Owner,
    id: string,
    change: NotificationChange,
  ): Promise<{ row: NotificationRow; news: boolean }> {
    for (;;) {
      const { version, ...row } = await this.inbox.get(owner, id);
      const changes = Object.entries(changed(row, change, new Date()));
      if (changes.length === 0) return { row, news: false };
      const [rows]: [NotificationRow[], number] = await this.database.query(
        `UPDATE notifications SET ${changes.map(([column], index) => `${column} = $${index + 5}`).join(', ')}
          WHERE tenant = $1 AND recipient = $2 AND id = $3 AND xmin = $4::xid
          RETURNING *`,
        [row.tenant, row.recipient, row.id, version, ...changes.map(([, value]) => value)],
      );
      if (rows[0]) return { row: rows[0], news: true };
    }
  }

  private async update(sql: string, parameters: unknown[]): Promise<string[]> {
    const [rows]: [{ id: string }[], number] = await this.database.query(sql, parameters);
    return rows.map(({ id }) => id);
  }
}
