import { freshId, inboxChanged, inboxKey, type CloudEvent, type InboxChanged } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { batched, prepared, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { notificationOf, type NotificationRow } from '../notification-row.ts';
import { watchedUnreadCounts } from '../reading/queries.ts';
import type { Owner } from '../reading/visible.ts';
import { gather, type Change } from './gather.ts';

const ownerOf = ({ tenant, recipient }: Owner): string => `${tenant} ${recipient}`;

/**
 * Lets whoever holds a socket of a recipient know what has changed in the inbox, once that is committed. What changes side by side
 * shares one count of unread ones and one message per recipient. For whom nobody watches nothing is read, counted or published:
 * with a count and a message for everyone the inbox took half as much CPU again.
 */
@Injectable()
export class Signals {
  /** Resolves when the broker has it. */
  readonly send: (change: Change) => Promise<void>;
  private readonly db: SqlRunner;

  constructor(
    database: DataSource,
    private readonly messages: Messages,
  ) {
    this.db = prepared(database);
    this.send = batched(async (changes) => {
      await this.sendMany(changes);
      return changes.map(() => undefined);
    });
  }

  /** The same for changes that are there together. */
  sendMany(changes: readonly Change[]): Promise<void> {
    return this.sendAll(Map.groupBy(changes, ownerOf));
  }

  private async sendAll(changes: ReadonlyMap<string, readonly Change[]>): Promise<void> {
    const owners = [...changes.values()].map(([first]) => first!);
    // Asked after the commit of what changed: who watches since then reads the inbox after it, too.
    const watched: { place: number; count: number }[] = await this.db.query(watchedUnreadCounts, [
      owners.map(({ tenant }) => tenant),
      owners.map(({ recipient }) => recipient),
    ]);
    if (watched.length === 0) return;
    const inboxes = watched.map(({ place, count }) => ({ owner: owners[place - 1]!, count }));
    const rows = await this.rowsOf(inboxes.flatMap(({ owner }) => changes.get(ownerOf(owner))!));
    const now = new Date();
    const shown = (some: NotificationRow[]) => some.map((row) => notificationOf(row, now));
    await Promise.all(
      inboxes.flatMap(({ owner, count }) =>
        gather(changes.get(ownerOf(owner))!, rows.get(ownerOf(owner)) ?? []).map(({ created, updated, ...part }) =>
          this.publish(owner, {
            recipient: owner.recipient,
            created: shown(created),
            updated: shown(updated),
            ...part,
            unread_count: count,
          }),
        ),
      ),
    );
  }

  /** Read now, so that of two changes no later signal says what the earlier one did. */
  private async rowsOf(changes: readonly Change[]): Promise<Map<string, NotificationRow[]>> {
    const named = changes.flatMap((change) => {
      const id = 'created' in change ? change.created : 'updated' in change ? change.updated : undefined;
      return id === undefined ? [] : { ...change, id };
    });
    const rows: NotificationRow[] = await this.db.query(
      `SELECT * FROM notifications
        WHERE (tenant, recipient, id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[])) AND deleted_at IS NULL`,
      [named.map(({ tenant }) => tenant), named.map(({ recipient }) => recipient), named.map(({ id }) => id)],
    );
    return Map.groupBy(rows, ownerOf);
  }

  private publish({ tenant, recipient }: Owner, data: InboxChanged): Promise<void> {
    const event: CloudEvent<InboxChanged> = {
      specversion: '1.0',
      id: freshId(),
      source: this.messages.source,
      type: inboxChanged.type,
      time: new Date().toISOString(),
      subject: recipient,
      tenant,
      data,
    };
    return this.messages.publishEvent(inboxChanged.exchange, inboxKey(tenant, recipient), event);
  }
}
