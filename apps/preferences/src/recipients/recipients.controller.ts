import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { getRecipient, listRecipients, putRecipient, putRecipients } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { normaliseRecipient } from './normalise.ts';
import { PutRecipients } from './put-recipients.ts';
import { RecipientStore } from './recipient-store.ts';

/** Answers the gateway's questions about recipients. */
@Controller()
export class RecipientsController {
  constructor(
    private readonly recipients: RecipientStore,
    private readonly many: PutRecipients,
  ) {}

  @MessagePattern(putRecipient.name)
  put(@Payload() { tenant, id, recipient }: RequestOf<typeof putRecipient>): Promise<ResponseOf<typeof putRecipient>> {
    return this.recipients.put(tenant, id, normaliseRecipient(recipient));
  }

  @MessagePattern(putRecipients.name)
  putMany(
    @Payload() { tenant, recipients, partial }: RequestOf<typeof putRecipients>,
  ): Promise<ResponseOf<typeof putRecipients>> {
    return this.many.put(tenant, recipients, partial);
  }

  @MessagePattern(getRecipient.name)
  get(@Payload() { tenant, id }: RequestOf<typeof getRecipient>): Promise<ResponseOf<typeof getRecipient>> {
    return this.recipients.get(tenant, id);
  }

  @MessagePattern(listRecipients.name)
  list(
    @Payload() { tenant, filter, limit, after }: RequestOf<typeof listRecipients>,
  ): Promise<ResponseOf<typeof listRecipients>> {
    return this.recipients.list(tenant, filter, limit, after);
  }
}
