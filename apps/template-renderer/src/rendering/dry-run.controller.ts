import {
  renderNotifications,
  type NotificationRouted,
  type RenderedNotification,
  type ShownWords,
} from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Config } from '../config.ts';
import type { RenderedDelivery } from './render-notification.ts';
import { Renderer } from './renderer.ts';
import { shownWordsOf, type SmsTariff } from './shown-words.ts';

/** Says what notifications would say; nothing is published. */
@Controller()
export class DryRunController {
  private readonly tariff: SmsTariff;

  constructor(
    private readonly renderer: Renderer,
    @Inject(CONFIG) { SMS_PRICE_PER_SEGMENT: prices, SMS_CURRENCY: currency }: Config,
  ) {
    this.tariff = { prices, currency };
  }

  @MessagePattern<string>(renderNotifications.name)
  async render(
    @Payload() { tenant, routed }: { tenant: string; routed: NotificationRouted[] },
  ): Promise<{ notifications: RenderedNotification[] }> {
    return { notifications: await Promise.all(routed.map((one) => this.renderOne(tenant, one))) };
  }

  private async renderOne(tenant: string, routed: NotificationRouted): Promise<RenderedNotification> {
    const { deliveries, failures, apart } = await this.renderer.render(tenant, routed);
    for (const rest of apart) {
      const later = await this.renderer.renderApart(tenant, rest);
      deliveries.push(...later.deliveries);
      failures.push(...later.failures);
    }
    // All contacts of a channel get the same words.
    return {
      notification_id: routed.notification_id,
      rendered: Object.assign(
        {},
        ...deliveries.map((delivery) => this.shown(delivery)),
      ) as RenderedNotification['rendered'],
      template: Object.fromEntries(deliveries.map(({ channel, data }) => [channel, data.template])),
      errors: failures.map(({ channel, message, missing }) => ({ channel, message, ...(missing && { missing }) })),
    };
  }

  private shown({ channel, data }: RenderedDelivery): ShownWords {
    return shownWordsOf(channel, data, this.tariff, channel === 'sms' ? data.to : '');
  }
}
