import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { defaultTenant, recipientErased, type CloudEvent, type RecipientErased } from '@carillon/contracts';
import { Outbox } from '../outbox/outbox.ts';
import { ErasedLetters } from './erased-letters.ts';

/** Hears who was erased. */
@Controller()
export class ErasureController {
  constructor(
    private readonly letters: ErasedLetters,
    private readonly outbox: Outbox,
  ) {}

  @EventPattern<string>(recipientErased.type)
  async onErased(@Payload() { tenant = defaultTenant, data }: CloudEvent<RecipientErased>): Promise<void> {
    await Promise.all([this.letters.forget({ tenant, ...data }), this.outbox.forget({ tenant, ...data })]);
  }
}
