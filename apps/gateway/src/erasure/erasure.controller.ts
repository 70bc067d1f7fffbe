import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { defaultTenant, recipientErased, type CloudEvent, type RecipientErased } from '@carillon/contracts';
import { ErasedLetters } from './erased-letters.ts';

/** Hears who was erased. */
@Controller()
export class ErasureController {
  constructor(private readonly letters: ErasedLetters) {}

  @EventPattern<string>(recipientErased.type)
  onErased(@Payload() { tenant = defaultTenant, data }: CloudEvent<RecipientErased>): Promise<void> {
    return this.letters.forget({ tenant, ...data });
  }
}
