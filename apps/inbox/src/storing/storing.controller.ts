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
import { batched, insertRows, prepared } from '@carillon/persistence';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { rowOf } from '../notification-row.ts';

/** Stores rendered notifications. */
@Controller()
export class StoringController {
  private readonly insert: (row: ReturnType<typeof rowOf>) => Promise<true>;

  constructor(
    database: DataSource,
    private readonly messages: Messages,
  ) {
    const db = prepared(database);
    this.insert = batched(async (rows) => {
      await insertRows(db, 'notifications', rows, { onConflict: 'DO NOTHING' });
      return rows.map(() => true as const);
    });
  }

  /**
   * A redelivery writes nothing, but publishes the outcome again: a crash may have come between the commit and the
   * confirm. The repeated outcome carries the same id, so whoever listens can tell.
   */
  @EventPattern<string>(inAppRendered.type)
  async onRendered(@Payload() { tenant = defaultTenant, data }: CloudEvent<InAppRendered>): Promise<void> {
    await this.insert(rowOf(tenant, data));
    const { notification_id, recipient, type, category } = data;
    await this.messages.publish(
      notificationCreated,
      { notification_id, recipient, type, category, at: new Date().toISOString() },
      { tenant, id: uuidv8(timeOfId(notification_id), 'outcome', 'created', notification_id), subject: recipient },
    );
  }
}
