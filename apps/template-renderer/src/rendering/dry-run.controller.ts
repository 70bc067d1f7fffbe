import { renderNotifications, type NotificationRouted, type RenderedNotification } from '@carillon/contracts';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { RenderedDelivery } from './render-notification.ts';
import { Renderer } from './renderer.ts';

/** Says what notifications would say; nothing is published. */
@Controller()
export class DryRunController {
  constructor(private readonly renderer: Renderer) {}

  @MessagePattern<string>(renderNotifications.name)
  async render(
    @Payload() { tenant, routed }: { tenant: string; routed: NotificationRouted[] },
  ): Promise<{ notifications: RenderedNotification[] }> {
    return { notifications: await Promise.all(routed.map((one) => this.renderOne(tenant, one))) };
  }

  private async renderOne(tenant: string, routed: NotificationRouted): Promise<RenderedNotification> {
    const { deliveries, failures } = await this.renderer.render(tenant, routed);
    // All contacts of a channel get the same words.
    return {
      notification_id: routed.notification_id,
      rendered: Object.assign({}, ...deliveries.map(wordsOf)) as RenderedNotification['rendered'],
      template: Object.fromEntries(deliveries.map(({ channel, data }) => [channel, data.template])),
      errors: failures.map(({ channel, message, missing }) => ({ channel, message, ...(missing && { missing }) })),
    };
  }
}

function wordsOf({ channel, data }: RenderedDelivery): RenderedNotification['rendered'] {
  switch (channel) {
    case 'in_app': {
      const { title, message, html, link, image, actions } = data;
      return { in_app: { title, message, html, link, image, actions } };
    }
    case 'email': {
      const { subject, html, text } = data;
      return { email: { subject, html, text } };
    }
    case 'sms':
      return { sms: { text: data.text } };
  }
}
