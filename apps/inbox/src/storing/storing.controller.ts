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
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { rowOf } from '../notification-row.ts';
import { Signals } from '../signals/signals.ts';
import { Joining } from './joining.ts';
import { Storing } from './storing.ts';

/** Stores rendered notifications. */
@Controller()
export class StoringController {
  constructor(
    private readonly storing: Storing,
    private readonly joining: Joining,
    private readonly signals: Signals,
    private readonly messages: Messages,
  ) {}

  /**
   * A redelivery writes nothing, but publishes the outcome and the signal again: a crash may have come between the commit and the
   * confirm. The repeated outcome carries the same id, so whoever listens can tell.
   */
  @EventPattern<string>(inAppRendered.type)
  async onRendered(@Payload() { tenant = defaultTenant, data }: CloudEvent<InAppRendered>): Promise<void> {
    const given = rowOf(tenant, data);
    const stored = await (data.batch
      ? this.joining.store({ row: given, batch: data.batch })
      : this.storing.store(given));
    if (!stored) return;
    const { id, joined } = stored;
    const { notification_id, recipient, type, category } = data;
    await Promise.all([
      this.messages.publish(
        notificationCreated,
        { notification_id, recipient, type, category, at: new Date().toISOString() },
        { tenant, id: uuidv8(timeOfId(notification_id), 'outcome', 'created', notification_id), subject: recipient },
      ),
      this.signals.send(joined ? { tenant, recipient, updated: id } : { tenant, recipient, created: id }),
    ]);
  }
}
