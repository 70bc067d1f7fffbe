import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  defaultTenant,
  recipientErased,
  recipientGone,
  type CloudEvent,
  type RecipientErased,
  type RecipientGone,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Outbox } from '../outbox/outbox.ts';
import { Feeds } from '../realtime/feeds.ts';
import { ErasedLetters } from './erased-letters.ts';

/** Hears who was erased. */
@Controller()
export class ErasureController {
  constructor(
    private readonly letters: ErasedLetters,
    private readonly outbox: Outbox,
    private readonly messages: Messages,
    private readonly feeds: Feeds,
  ) {}

  @EventPattern<string>(recipientErased.type)
  async onErased(@Payload() { id, tenant = defaultTenant, data }: CloudEvent<RecipientErased>): Promise<void> {
    await Promise.all([this.letters.forget({ tenant, ...data }), this.outbox.forget({ tenant, ...data })]);
    await this.messages.publish(recipientGone, { recipient: data.recipient }, { tenant, id });
  }

  /** Every replica, as any may hold a socket. */
  @EventPattern<string>(recipientGone.type)
  onGone(@Payload() { tenant = defaultTenant, data }: CloudEvent<RecipientGone>): void {
    this.feeds.close({ tenant, recipient: data.recipient }, 'recipient_erased');
  }
}
