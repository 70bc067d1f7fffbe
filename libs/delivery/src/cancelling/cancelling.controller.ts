import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  defaultTenant,
  eventCancelled,
  stopEvent,
  type CloudEvent,
  type DeliveryState,
  type EventCancelled,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { CancelledEvents } from './cancelled-events.ts';

/** Which of its deliveries a provider has, or may have. */
const out: readonly DeliveryState[] = ['sending', 'sent', 'delivered', 'uncertain'];

/** Stops the deliveries of an event that was cancelled. */
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
    const counts = await this.events.count(tenant, event.event_id);
    const { channel } = this.events;
    const sum = (states: readonly DeliveryState[]) => states.reduce((total, state) => total + (counts[state] ?? 0), 0);
    return { stopped: { [channel]: sum(['cancelled']) }, out: { [channel]: sum(out) } };
  }
}
