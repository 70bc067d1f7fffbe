import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { smsRendered, type CloudEvent, type SmsRendered } from '@carillon/contracts';
import { deliveryOf, Sender } from '@carillon/delivery';
import type { SmsContent } from './sms-content.ts';

/** Takes rendered SMS and sends them. */
@Controller()
export class RenderedSmsController {
  constructor(private readonly sender: Sender<SmsContent>) {}

  @EventPattern<string>(smsRendered.type)
  async onRendered(@Payload() event: CloudEvent<SmsRendered>): Promise<void> {
    const { to, text } = event.data;
    await this.sender.send(deliveryOf(event, { address: to, name: null }, { text }));
  }
}
