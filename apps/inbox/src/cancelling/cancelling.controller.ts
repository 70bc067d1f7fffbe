import { defaultTenant, eventCancelled, stopEvent, type CloudEvent, type EventCancelled } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { CancelledEvents } from './cancelled-events.ts';

/** Keeps what still comes of a cancelled event out of the inboxes. */
@Controller()
export class CancellingController {
  constructor(private readonly events: CancelledEvents) {}

  @EventPattern<string>(eventCancelled.type)
  onCancelled(@Payload() { tenant = defaultTenant, data }: CloudEvent<EventCancelled>): Promise<void> {
    return this.events.remember(tenant, data);
  }

  @MessagePattern(stopEvent.name)
  async stop(@Payload() { tenant, ...event }: RequestOf<typeof stopEvent>): Promise<ResponseOf<typeof stopEvent>> {
    await this.events.remember(tenant, event);
    return { stopped: { in_app: await this.events.refused(tenant, event.event_id) }, out: {} };
  }
}
