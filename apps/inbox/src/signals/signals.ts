import { freshId, inboxChanged, inboxKey, type CloudEvent, type InboxChanged } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { batched, prepared, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { notificationOf, type NotificationRow } from '../notification-row.ts';
import { watchedChanges } from '../reading/queries.ts';
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
  async sendMany(changes: readonly Change[]): Promise<void> {
    const inboxes = [...Map.groupBy(changes, ownerOf).values()].map((own) => ({ owner: own[0]!, changes: own }));
    const named = inboxes.flatMap(({ changes }, index) => idsIn(changes).map((id) => ({ place: index + 1, id })));
    // Asked after the commit of what changed: who watches since then reads the inbox after it, too. And the notifications are
    // read as they are now, so that of two changes no later signal says what the earlier one did.
    const lines: ((NotificationRow | { id: null }) & { place: number; unread: number })[] = await this.db.query(
      watchedChanges,
      [
        inboxes.map(({ owner }) => owner.tenant),
        inboxes.map(({ owner }) => owner.recipient),
        named.map(({ place }) => place),
        named.map(({ id }) => id),
      ],
    );
    const now = new Date();
    const shown = (rows: NotificationRow[]) => rows.map((row) => notificationOf(row, now));
    await Promise.all(
      [...Map.groupBy(lines, ({ place }) => place)].flatMap(([place, own]) => {
        const { owner, changes } = inboxes[place - 1]!;
        return gather(
          changes,
          own.filter((line) => line.id !== null),
        ).map(({ created, updated, ...part }) =>
          this.publish(owner, {
            recipient: owner.recipient,
            created: shown(created),
            updated: shown(updated),
            ...part,
            unread_count: own[0]!.unread,
          }),
        );
      }),
    );
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

/** Each notification that was created or updated, once. */
function idsIn(changes: readonly Change[]): string[] {
  const ids = changes.flatMap((change) =>
    'created' in change ? change.created : 'updated' in change ? change.updated : [],
  );
  return [...new Set(ids)];
}
