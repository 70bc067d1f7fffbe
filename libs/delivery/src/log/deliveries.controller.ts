import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  getDelivery,
  listDeliveries,
  parseInput,
  Problem,
  retryDelivery,
  timestampSchema,
  traceDeliveries,
  uuidSchema,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { z } from 'zod';
import { DeliveryLog } from './delivery-log.ts';

/** What the SQL casts: anything else would fail there. */
const listParts = z.object({
  after: uuidSchema.nullable(),
  filter: z.looseObject({ notification_id: uuidSchema.optional(), since: timestampSchema.optional() }),
});

/** Answers the gateway's questions about deliveries; the same in every sender. */
@Controller()
export class DeliveriesController {
  constructor(private readonly log: DeliveryLog) {}

  @MessagePattern(listDeliveries.name)
  list(@Payload() request: RequestOf<typeof listDeliveries>): Promise<ResponseOf<typeof listDeliveries>> {
    parseInput(listParts, request, 'request');
    return this.log.list(request.tenant, request.filter, request.limit, request.after);
  }

  @MessagePattern(getDelivery.name)
  get(@Payload() { tenant, id }: RequestOf<typeof getDelivery>): Promise<ResponseOf<typeof getDelivery>> {
    return this.log.get(tenant, knownId(id));
  }

  @MessagePattern(traceDeliveries.name)
  async trace(@Payload() request: RequestOf<typeof traceDeliveries>): Promise<ResponseOf<typeof traceDeliveries>> {
    const { tenant, notification_id } = request;
    if (!uuidSchema.safeParse(notification_id).success) return { data: [] };
    return { data: await this.log.ofNotification(tenant, notification_id) };
  }

  @MessagePattern(retryDelivery.name)
  retry(@Payload() { tenant, id }: RequestOf<typeof retryDelivery>): Promise<ResponseOf<typeof retryDelivery>> {
    return this.log.reopen(tenant, knownId(id));
  }
}

/** An id that is no UUID is nobody's. */
function knownId(id: string): string {
  if (!uuidSchema.safeParse(id).success) throw Problem.notFound('delivery', id);
  return id;
}
