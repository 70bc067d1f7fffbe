import { Controller, type Type } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  defaultTenant,
  receipts,
  suppressionChanges,
  type CloudEvent,
  type Receipt,
  type SentChannel,
  type SuppressionChanged,
} from '@carillon/contracts';
import { SuppressedAddresses } from '../suppressions/suppressed-addresses.ts';
import { Receipts } from './receipts.ts';

/** What comes to the sender of a channel beside the messages to be sent. */
export function receiptsControllerOf(channel: SentChannel): Type {
  @Controller()
  class ReceiptsController {
    constructor(
      private readonly receipts: Receipts,
      private readonly suppressed: SuppressedAddresses,
    ) {}

    @EventPattern<string>(receipts[channel].type)
    onReceipt(@Payload() event: CloudEvent<Receipt>): Promise<void> {
      return this.receipts.take(event);
    }

    @EventPattern<string>(suppressionChanges[channel].type)
    onSuppression(@Payload() { tenant = defaultTenant, data }: CloudEvent<SuppressionChanged>): Promise<void> {
      return this.suppressed.remember({ tenant, ...data });
    }
  }
  return ReceiptsController;
}
