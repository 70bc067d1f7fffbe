import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { getRecipient, putRecipient } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { normaliseRecipient } from './normalise.ts';
import { RecipientStore } from './recipient-store.ts';

/** Answers the gateway's questions about recipients. */
@Controller()
export class RecipientsController {
  constructor(private readonly recipients: RecipientStore) {}

  @MessagePattern(putRecipient.name)
  async put(
    @Payload() { tenant, id, recipient }: RequestOf<typeof putRecipient>,
  ): Promise<ResponseOf<typeof putRecipient>> {
    const created = await this.recipients.put(tenant, id, normaliseRecipient(recipient));
    return { created, recipient: await this.recipients.get(tenant, id) };
  }

  @MessagePattern(getRecipient.name)
  get(@Payload() { tenant, id }: RequestOf<typeof getRecipient>): Promise<ResponseOf<typeof getRecipient>> {
    return this.recipients.get(tenant, id);
  }
}
