import {
  defaultTenant,
  inAppChunkRendered,
  inAppRendered,
  type CloudEvent,
  type InAppChunkRendered,
  type InAppRendered,
} from '@carillon/contracts';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { rowOf } from '../notification-row.ts';
import { Joining } from './joining.ts';
import { Storing } from './storing.ts';
import { Telling } from './telling.ts';

/** Stores rendered notifications. */
@Controller()
export class StoringController {
  constructor(
    private readonly storing: Storing,
    private readonly joining: Joining,
    private readonly telling: Telling,
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
    const { notification_id, delivery_id, recipient, type, category, template } = data;
    await this.telling.tell({ tenant, notification_id, delivery_id, recipient, type, category, template }, stored);
  }

  /** Many who get the same words: they are stored as one row each, as ever. */
  @EventPattern<string>(inAppChunkRendered.type)
  async onChunk(@Payload() event: CloudEvent<InAppChunkRendered>): Promise<void> {
    const { tenant = defaultTenant, data } = event;
    const { to, ...words } = data;
    // What may become one with what a recipient has already differs from recipient to recipient.
    if (words.batch) {
      await Promise.all(to.map((own) => this.onRendered({ ...event, data: { ...words, ...own } })));
      return;
    }
    const { type, category, template } = words;
    const stored = await this.storing.storeChunk(tenant, data);
    const told = to.filter(({ notification_id }) => stored.has(notification_id));
    await this.telling.tellMany(told.map((own) => ({ tenant, ...own, type, category, template })));
  }
}
