import { defaultTenant, eventCancelled, stopEvent, type CloudEvent, type EventCancelled } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { CancelledEvents } from './cancelled-events.ts';

/** Stops what of a cancelled event waits for its time. */
@Controller()
export class CancellingController {
  constructor(private readonly events: CancelledEvents) {}

  @EventPattern<string>(eventCancelled.type)
  onCancelled(@Payload() { tenant = defaultTenant, data }: CloudEvent<EventCancelled>): Promise<void> {
    return this.events.stop(tenant, data);
  }

  @MessagePattern(stopEvent.name)
  async stop(@Payload() { tenant, ...event }: RequestOf<typeof stopEvent>): Promise<ResponseOf<typeof stopEvent>> {
    await this.events.stop(tenant, event);
    return { stopped: await this.events.count(tenant, event.event_id), out: {} };
  }
}
