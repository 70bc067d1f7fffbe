import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { checkEvent, domainEvent, getEvent, type CloudEvent } from '@carillon/contracts';
import { AmqpContext, type RequestOf, type ResponseOf } from '@carillon/messaging';
import { EventStore } from './event-store.ts';
import { Intake } from './intake.ts';

/** The front door, and the gateway's questions about what came through it. */
@Controller()
export class IntakeController {
  constructor(
    private readonly intake: Intake,
    private readonly events: EventStore,
  ) {}

  @EventPattern<string>(domainEvent.type)
  onEvent(@Payload() event: CloudEvent, @Ctx() { origin }: AmqpContext): Promise<void> {
    return this.intake.take(event, origin.routingKey);
  }

  @MessagePattern(checkEvent.name)
  async check(@Payload() { tenant, event }: RequestOf<typeof checkEvent>): Promise<ResponseOf<typeof checkEvent>> {
    return { type: await this.intake.check(tenant, event) };
  }

  @MessagePattern(getEvent.name)
  progress(@Payload() { tenant, id }: RequestOf<typeof getEvent>): Promise<ResponseOf<typeof getEvent>> {
    return this.events.progress(tenant, id);
  }
}
