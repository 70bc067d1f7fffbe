import {
  defaultTenant,
  notificationRouted,
  notificationSetApart,
  type CloudEvent,
  type NotificationRouted,
} from '@carillon/contracts';
import { Poison } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DeliveryPublisher } from './delivery-publisher.ts';
import type { ChannelFailure } from './render-failure.ts';
import { Renderer } from './renderer.ts';

/** Gives every delivery of a routed notification its words and passes it on to the stage of its channel. */
@Controller()
export class NotificationRoutedController {
  constructor(
    private readonly renderer: Renderer,
    private readonly deliveries: DeliveryPublisher,
  ) {}

  /**
   * @throws Poison naming the channels that could not be rendered, after the others were published. Replaying it
   *   publishes those again under the same delivery ids, which the senders know.
   */
  @EventPattern<string>(notificationRouted.type)
  async onRouted(@Payload() { tenant = defaultTenant, data: routed }: CloudEvent<NotificationRouted>): Promise<void> {
    const { deliveries, failures, items, apart } = await this.renderer.render(tenant, routed);
    await this.deliveries.publish(tenant, deliveries, failures, items, apart);
    refuse(routed, failures);
  }

  /**
   * What takes long, when it is its turn.
   *
   * @throws Poison as above
   */
  @EventPattern<string>(notificationSetApart.type)
  async onSetApart(@Payload() { tenant = defaultTenant, data: routed }: CloudEvent<NotificationRouted>): Promise<void> {
    const { deliveries, failures, items } = await this.renderer.renderApart(tenant, routed);
    await this.deliveries.publish(tenant, deliveries, failures, items);
    refuse(routed, failures);
  }
}

function refuse({ type }: NotificationRouted, failures: readonly ChannelFailure[]): void {
  if (failures.length === 0) return;
  throw new Poison(`${type} could not be rendered: ${failures.map(({ message }) => message).join('; ')}`);
}
