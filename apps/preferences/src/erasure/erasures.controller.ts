import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { eraseRecipient, Problem } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Erasures } from './erasures.ts';

/** Erases a recipient when the gateway asks for it. */
@Controller()
export class ErasuresController {
  constructor(private readonly erasures: Erasures) {}

  @MessagePattern(eraseRecipient.name)
  async erase(
    @Payload() { tenant, recipient }: RequestOf<typeof eraseRecipient>,
  ): Promise<ResponseOf<typeof eraseRecipient>> {
    const erased_at = await this.erasures.erase(tenant, recipient);
    if (erased_at === undefined) throw Problem.notFound('recipient', recipient);
    return { recipient, erased_at };
  }
}
