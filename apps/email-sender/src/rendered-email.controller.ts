import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { defaultTenant, emailRendered, type CloudEvent, type EmailRendered } from '@carillon/contracts';
import { deliveryOf, Sender } from '@carillon/delivery';
import { CONFIG, PublicLinks, type CommonConfig } from '@carillon/service';
import type { EmailContent, TrackedBy } from './email-content.ts';

/** Takes rendered emails and sends them. */
@Controller()
export class RenderedEmailController {
  private readonly links: PublicLinks | undefined;

  constructor(
    private readonly sender: Sender<EmailContent>,
    @Inject(CONFIG) config: CommonConfig,
  ) {
    this.links = PublicLinks.of(config);
  }

  @EventPattern<string>(emailRendered.type)
  async onRendered(@Payload() event: CloudEvent<EmailRendered>): Promise<void> {
    const { to, subject, html, text, reply_to, attachments, unsubscribe_url } = event.data;
    const content: EmailContent = {
      subject,
      html,
      text,
      ...(reply_to !== undefined && { reply_to }),
      ...(attachments && { attachments }),
      ...(unsubscribe_url !== undefined && { unsubscribe_url }),
      ...this.tracking(event),
    };
    await this.sender.send(deliveryOf(event, to, content));
  }

  private tracking({ tenant = defaultTenant, data }: CloudEvent<EmailRendered>): { tracked_by?: TrackedBy } {
    const { tracking, delivery_id: deliveryId } = data;
    if (!this.links || !(tracking?.opens || tracking?.clicks)) return {};
    const { opens, clicks } = this.links.engagementUrls({ tenant, deliveryId });
    return { tracked_by: { ...(tracking.opens && { opens }), ...(tracking.clicks && { clicks }) } };
  }
}
