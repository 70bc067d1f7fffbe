import {
  digestItem,
  emailRendered,
  inAppRendered,
  notificationSetApart,
  smsRendered,
  timeOfId,
  uuidv8,
  type DigestItem,
  type NotificationRouted,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { channelsRendered } from './metrics.ts';
import type { RenderedDelivery } from './render-notification.ts';
import type { ChannelFailure } from './render-failure.ts';

/** Passes rendered deliveries on to the stages of their channels. */
@Injectable()
export class DeliveryPublisher {
  constructor(private readonly messages: Messages) {}

  /**
   * Resolves when all are confirmed.
   *
   * @param items what digests show, kept by the scheduler until they are due
   * @param apart what comes back to this service, to be given its words by workers
   */
  async publish(
    tenant: string,
    deliveries: readonly RenderedDelivery[],
    failures: readonly ChannelFailure[],
    items: readonly DigestItem[] = [],
    apart: readonly NotificationRouted[] = [],
  ): Promise<void> {
    await Promise.all([
      ...deliveries.map((delivery) => this.publishOne(tenant, delivery)),
      ...items.map((item) => {
        const id = uuidv8(timeOfId(item.notification_id), 'digest item', item.notification_id, item.channel);
        return this.messages.publish(digestItem, item, { tenant, id, subject: item.recipient });
      }),
      ...apart.map((routed) =>
        this.messages.publish(notificationSetApart, routed, { tenant, id: routed.notification_id }),
      ),
    ]);
    const done = new Set(deliveries.map(({ channel }) => channel));
    for (const channel of done) channelsRendered.inc({ channel, outcome: 'done' });
    for (const { channel } of failures) channelsRendered.inc({ channel, outcome: 'failed' });
    for (const { channel } of apart.flatMap((routed) => routed.deliveries)) {
      channelsRendered.inc({ channel, outcome: 'apart' });
    }
  }

  private publishOne(tenant: string, { channel, data }: RenderedDelivery): Promise<void> {
    const attributes = { tenant, id: data.delivery_id, subject: data.recipient };
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
