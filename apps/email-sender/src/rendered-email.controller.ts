import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { emailRendered, type CloudEvent, type EmailRendered } from '@carillon/contracts';
import { deliveryOf, Sender } from '@carillon/delivery';
import type { EmailContent } from './email-content.ts';

/** Takes rendered emails and sends them. */
@Controller()
export class RenderedEmailController {
  constructor(private readonly sender: Sender<EmailContent>) {}

  @EventPattern<string>(emailRendered.type)
  async onRendered(@Payload() event: CloudEvent<EmailRendered>): Promise<void> {
    const { to, subject, html, text } = event.data;
    await this.sender.send(deliveryOf(event, to, { subject, html, text }));
  }
}
