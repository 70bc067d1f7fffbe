import {
  chunkRouted,
  defaultTenant,
  inAppChunkRendered,
  uuidv8,
  timeOfId,
  type ChunkRouted,
  type CloudEvent,
} from '@carillon/contracts';
import { Messages, Poison } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DeliveryPublisher } from './delivery-publisher.ts';
import { Renderer } from './renderer.ts';

/** Gives the recipients of a fan-out their words, a chunk at a time. */
@Controller()
export class ChunkRoutedController {
  constructor(
    private readonly renderer: Renderer,
    private readonly deliveries: DeliveryPublisher,
    private readonly messages: Messages,
  ) {}

  /** @throws Poison as for a single notification: what can be rendered is published before */
  @EventPattern<string>(chunkRouted.type)
  async onChunk(@Payload() { tenant = defaultTenant, data: chunk }: CloudEvent<ChunkRouted>): Promise<void> {
    const { chunks, deliveries, failures, items, apart } = await this.renderer.renderChunk(tenant, chunk);
    await Promise.all([
      ...chunks.map((words) => {
        const { notification_id } = words.to[0]!;
        const id = uuidv8(timeOfId(notification_id), 'in_app chunk', notification_id);
        return this.messages.publish(inAppChunkRendered, words, { tenant, id });
      }),
      this.deliveries.publish(tenant, deliveries, failures, items, apart),
    ]);
    if (failures.length === 0) return;
    const reasons = new Set(failures.map(({ message }) => message));
    throw new Poison(`${chunk.type} could not be rendered: ${[...reasons].join('; ')}`);
  }
}
