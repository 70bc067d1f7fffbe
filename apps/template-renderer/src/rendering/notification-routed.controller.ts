import {
  defaultTenant,
  emailRendered,
  inAppRendered,
  notificationRouted,
  smsRendered,
  type Channel,
  type CloudEvent,
  type NotificationRouted,
} from '@carillon/contracts';
import { Messages, Poison } from '@carillon/messaging';
import { CONFIG } from '@carillon/service';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { BuiltInTemplates } from '../built-in/built-in-templates.ts';
import type { Config } from '../config.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { TemplateCache } from '../templates/template-cache.ts';
import { genericType } from '../templates/template.ts';
import { templatedChannels, type TemplatedChannel } from '../templates/template-source.ts';
import { channelsRendered } from './metrics.ts';
import { renderNotification, type RenderedDelivery } from './render-notification.ts';
import type { RenderFailure } from './render-failure.ts';
import type { Brand } from './scope.ts';

/** Gives every delivery of a routed notification its words and passes it on to the stage of its channel. */
@Controller()
export class NotificationRoutedController {
  private readonly brand: Brand;

  constructor(
    private readonly templates: TemplateCache,
    private readonly builtIns: BuiltInTemplates,
    private readonly messages: Messages,
    @Inject(CONFIG) config: Config,
  ) {
    this.brand = {
      name: config.BRAND_NAME,
      site_url: config.SITE_URL,
      support_email: config.SUPPORT_EMAIL ?? null,
    };
  }

  /**
   * @throws Poison naming the channels that could not be rendered, after the others were published. Replaying it
   *   publishes those again under the same delivery ids, which the senders know.
   */
  @EventPattern<string>(notificationRouted.type)
  async onRouted(@Payload() { tenant = defaultTenant, data: routed }: CloudEvent<NotificationRouted>): Promise<void> {
    await this.builtIns.published();
    const templates = await this.templatesFor(tenant, routed);
    const { deliveries, failures } = renderNotification(routed, templates, this.brand, new Date());
    await Promise.all(deliveries.map((delivery) => this.publish(tenant, routed.recipient.id, delivery)));
    count(deliveries, failures);
    if (failures.length > 0) {
      throw new Poison(`${routed.type} could not be rendered: ${failures.map(({ message }) => message).join('; ')}`);
    }
  }

  private async templatesFor(
    tenant: string,
    { content, type, recipient, deliveries }: NotificationRouted,
  ): Promise<Map<Channel, ParsedTemplate | null>> {
    const wanted = new Set(deliveries.map(({ channel }) => channel));
    const found = templatedChannels
      .filter((channel) => wanted.has(channel))
      .map(async (channel): Promise<[TemplatedChannel, ParsedTemplate | null]> => [
        channel,
        await this.templates.find(tenant, content ? genericType : type, channel, recipient.locale),
      ]);
    return new Map(await Promise.all(found));
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
