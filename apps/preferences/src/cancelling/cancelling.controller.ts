import { cancelEvent } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Cancelling } from './cancelling.ts';

/** Cancels an event when the gateway asks for it. */
@Controller()
export class CancellingController {
  constructor(private readonly cancelling: Cancelling) {}

  @MessagePattern(cancelEvent.name)
  cancel(@Payload() { tenant, id, by }: RequestOf<typeof cancelEvent>): Promise<ResponseOf<typeof cancelEvent>> {
    return this.cancelling.cancel(tenant, id, by);
  }
}
