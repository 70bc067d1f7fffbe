import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  addSuppression,
  defaultTenant,
  listSuppressions,
  removeSuppression,
  suppressionAsked,
  type CloudEvent,
  type SuppressionAsked,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Suppressions } from './suppressions.ts';

/** Answers the gateway's questions about suppressed addresses, and hears of bounces, complaints and opt-outs. */
@Controller()
export class SuppressionsController {
  constructor(private readonly suppressions: Suppressions) {}

  @EventPattern<string>(suppressionAsked.type)
  onAsked(@Payload() { id, tenant = defaultTenant, data }: CloudEvent<SuppressionAsked>): Promise<void> {
    return this.suppressions.heed({ ...data, tenant, id });
  }

  @MessagePattern(listSuppressions.name)
  list(
    @Payload() { tenant, filter, limit, after }: RequestOf<typeof listSuppressions>,
  ): Promise<ResponseOf<typeof listSuppressions>> {
    return this.suppressions.list(tenant, filter, limit, after);
  }

  @MessagePattern(addSuppression.name)
  add(
    @Payload() { tenant, suppression, created_by }: RequestOf<typeof addSuppression>,
  ): Promise<ResponseOf<typeof addSuppression>> {
    return this.suppressions.add({ tenant, created_by, ...suppression });
  }

  @MessagePattern(removeSuppression.name)
  remove(
    @Payload() { tenant, channel, address }: RequestOf<typeof removeSuppression>,
  ): Promise<ResponseOf<typeof removeSuppression>> {
    return this.suppressions.remove(tenant, channel, address);
  }
}
