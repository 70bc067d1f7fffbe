import {
  defaultTenant,
  inAppRendered,
  notificationCreated,
  timeOfId,
  uuidv8,
  type CloudEvent,
  type InAppRendered,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { batched, insertRows, notErased, prepared, type SqlRunner } from '@carillon/persistence';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { rowOf } from '../notification-row.ts';

type NewRow = ReturnType<typeof rowOf>;
type Key = Pick<NewRow, 'tenant' | 'id'>;

const keyOf = ({ tenant, id }: Key): string => `${tenant} ${id}`;

/** Those that were stored before. */
function known(db: SqlRunner, rows: readonly NewRow[]): Promise<Key[]> {
  return db.query(
    `SELECT tenant, id FROM notifications
      WHERE (tenant, recipient, id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[]))`,
    [rows.map(({ tenant }) => tenant), rows.map(({ recipient }) => recipient), rows.map(({ id }) => id)],
  );
}

/** Stores rendered notifications. */
@Controller()
export class StoringController {
  /** Answers whether the row stands now; not for somebody who was erased since. */
  private readonly insert: (row: NewRow) => Promise<boolean>;

  constructor(
    database: DataSource,
    private readonly messages: Messages,
  ) {
    const db = prepared(database);
    this.insert = batched(async (rows) => {
      const stored = await insertRows<Key>(db, 'notifications', rows, {
        where: notErased('item'),
        onConflict: 'DO NOTHING',
        returning: 'tenant, id',
      });
      const standing = new Set(stored.map(keyOf));
      const rest = rows.filter((row) => !standing.has(keyOf(row)));
      for (const row of rest.length > 0 ? await known(db, rest) : []) standing.add(keyOf(row));
      return rows.map((row) => standing.has(keyOf(row)));
    });
  }

  /**
   * A redelivery writes nothing, but publishes the outcome again: a crash may have come between the commit and the
   * confirm. The repeated outcome carries the same id, so whoever listens can tell.
   */
  @EventPattern<string>(inAppRendered.type)
  async onRendered(@Payload() { tenant = defaultTenant, data }: CloudEvent<InAppRendered>): Promise<void> {
    if (!(await this.insert(rowOf(tenant, data)))) return;
    const { notification_id, recipient, type, category } = data;
    await this.messages.publish(
      notificationCreated,
      { notification_id, recipient, type, category, at: new Date().toISOString() },
      { tenant, id: uuidv8(timeOfId(notification_id), 'outcome', 'created', notification_id), subject: recipient },
    );
  }
}
