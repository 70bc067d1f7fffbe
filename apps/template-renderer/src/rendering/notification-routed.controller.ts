import {
  defaultTenant,
  emailRendered,
  inAppRendered,
  notificationRouted,
  smsRendered,
  type CloudEvent,
  type NotificationRouted,
} from '@carillon/contracts';
import { Messages, Poison } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { channelsRendered } from './metrics.ts';
import type { RenderedDelivery } from './render-notification.ts';
import type { RenderFailure } from './render-failure.ts';
import { Renderer } from './renderer.ts';

/** Gives every delivery of a routed notification its words and passes it on to the stage of its channel. */
@Controller()
export class NotificationRoutedController {
  constructor(
    private readonly renderer: Renderer,
    private readonly messages: Messages,
  ) {}

  /**
   * @throws Poison naming the channels that could not be rendered, after the others were published. Replaying it
   *   publishes those again under the same delivery ids, which the senders know.
   */
  @EventPattern<string>(notificationRouted.type)
  async onRouted(@Payload() { tenant = defaultTenant, data: routed }: CloudEvent<NotificationRouted>): Promise<void> {
    const { deliveries, failures } = await this.renderer.render(tenant, routed);
    await Promise.all(deliveries.map((delivery) => this.publish(tenant, routed.recipient.id, delivery)));
    count(deliveries, failures);
    if (failures.length > 0) {
      throw new Poison(`${routed.type} could not be rendered: ${failures.map(({ message }) => message).join('; ')}`);
    }
  }

  private publish(tenant: string, recipient: string, { channel, data }: RenderedDelivery): Promise<void> {
    const attributes = { tenant, id: data.delivery_id, subject: recipient };
    switch (channel) {
      case 'in_app':
        return this.messages.publish(inAppRendered, data, attributes);
      case 'email':
        return this.messages.publish(emailRendered, data, attributes);
      case 'sms':
        return this.messages.publish(smsRendered, data, attributes);
    }
  }
}

function count(deliveries: readonly RenderedDelivery[], failures: readonly RenderFailure[]): void {
  const done = new Set(deliveries.map(({ channel }) => channel));
  for (const channel of done) channelsRendered.inc({ channel, outcome: 'done' });
  for (const { channel } of failures) channelsRendered.inc({ channel, outcome: 'failed' });
}
