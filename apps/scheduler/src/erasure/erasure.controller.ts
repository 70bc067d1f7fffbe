import { defaultTenant, recipientErased, type CloudEvent, type RecipientErased } from '@carillon/contracts';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Forgetting } from './forgetting.ts';

/** Hears who was erased. */
@Controller()
export class ErasureController {
  constructor(private readonly forgetting: Forgetting) {}

  @EventPattern<string>(recipientErased.type)
  onErased(@Payload() { tenant = defaultTenant, data }: CloudEvent<RecipientErased>): Promise<void> {
    return this.forgetting.forget({ tenant, ...data });
  }
}
