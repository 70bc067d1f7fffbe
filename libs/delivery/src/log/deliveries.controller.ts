import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  cancelDelivery,
  deliveryStats,
  getDelivery,
  listDeliveries,
  parseInput,
  Problem,
  retryDeliveries,
  retryDelivery,
  traceDeliveries,
  uuidSchema,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { DeliveryLog } from './delivery-log.ts';

/** Answers the gateway's questions about deliveries; the same in every sender. */
@Controller()
export class DeliveriesController {
  constructor(private readonly log: DeliveryLog) {}

  @MessagePattern(listDeliveries.name)
  list(@Payload() request: RequestOf<typeof listDeliveries>): Promise<ResponseOf<typeof listDeliveries>> {
    const { tenant, filter, limit, after, reveal } = parseInput(listDeliveries.request, request, 'request');
    return this.log.list(tenant, filter, limit, after, reveal);
  }

  @MessagePattern(deliveryStats.name)
  stats(@Payload() request: RequestOf<typeof deliveryStats>): Promise<ResponseOf<typeof deliveryStats>> {
    const { tenant, ...question } = parseInput(deliveryStats.request, request, 'request');
    return this.log.stats(tenant, question);
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

  @MessagePattern(retryDeliveries.name)
  retryMany(@Payload() request: RequestOf<typeof retryDeliveries>): Promise<ResponseOf<typeof retryDeliveries>> {
    const { tenant, filter, limit } = parseInput(retryDeliveries.request, request, 'request');
    return this.log.reopenMany(tenant, filter, limit);
  }

  @MessagePattern(cancelDelivery.name)
  cancel(@Payload() { tenant, id }: RequestOf<typeof cancelDelivery>): Promise<ResponseOf<typeof cancelDelivery>> {
    return this.log.cancel(tenant, knownId(id));
  }
}

/** An id that is no UUID is nobody's. */
function knownId(id: string): string {
  if (!uuidSchema.safeParse(id).success) throw Problem.notFound('delivery', id);
  return id;
}
