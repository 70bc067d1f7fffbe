import { freshId, inboxChanged, inboxKey, type CloudEvent, type InboxChanged } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { batched, prepared } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { notificationOf, type NotificationRow } from '../notification-row.ts';
import { watchedUnreadCounts } from '../reading/queries.ts';
import type { Owner } from '../reading/visible.ts';
import { gather, type Change } from './gather.ts';

/**
 * Lets whoever holds a socket of a recipient know what has changed in the inbox, once that is committed. What changes side by
 * side shares one count of unread ones and one message per recipient. Nobody has to listen: then the broker drops it.
 */
@Injectable()
export class Signals {
  /** Resolves when the broker has it. */
  readonly send: (change: Change) => Promise<void>;

  constructor(
    database: DataSource,
    private readonly messages: Messages,
  ) {
    const db = prepared(database);
    this.send = batched(async (changes) => {
      const inboxes = gather(changes);
      // Asked after the commit of what changed: who watches since then reads the inbox after it, too.
      const watched: { place: number; count: number }[] = await db.query(watchedUnreadCounts, [
        inboxes.map(({ owner }) => owner.tenant),
        inboxes.map(({ owner }) => owner.recipient),
      ]);
      const now = new Date();
      const shown = (rows: NotificationRow[]) => rows.map((row) => notificationOf(row, now));
      await Promise.all(
        watched.flatMap(({ place, count }) => {
          const { owner, parts } = inboxes[place - 1]!;
          return parts.map(({ created, updated, deleted, reload }) =>
            this.publish(owner, {
              recipient: owner.recipient,
              created: shown(created),
              updated: shown(updated),
              deleted,
              reload,
              unread_count: count,
            }),
          );
        }),
      );
      return changes.map(() => undefined);
    });
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
