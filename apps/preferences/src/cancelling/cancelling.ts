import { eventCancelled, Problem, timeOfId, uuidv8, type cancelEvent } from '@carillon/contracts';
import { Messages, type ResponseOf } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { FanOutStore } from '../fan-out/fan-out-store.ts';
import { EventStore } from '../intake/event-store.ts';

/**
 * Cancels events: here at once, so that none is decided any more and no fan-out goes on, and in the other services as soon as they
 * hear of it. What has left already carries the event's id, by which whoever would send it turns it away.
 */
@Injectable()
export class Cancelling {
  constructor(
    private readonly events: EventStore,
    private readonly fanOuts: FanOutStore,
    private readonly messages: Messages,
  ) {}

  /**
   * Once it resolves the cancellation cannot be lost; until then whoever asked has no answer and asks again. Repeating it changes
   * nothing.
   * @throws Problem 404
   */
  async cancel(tenant: string, id: string, by: string): Promise<ResponseOf<typeof cancelEvent>> {
    const cancelled_at = await this.events.cancel(tenant, id, by);
    if (cancelled_at === undefined) throw Problem.notFound('event', id);
    const fan_outs = await this.fanOuts.stop(tenant, id);
    await this.messages.publish(
      eventCancelled,
      { event_id: id, cancelled_at },
      { id: uuidv8(timeOfId(id), 'cancelled', id), tenant },
    );
    const { type, deliveries } = await this.events.progress(tenant, id);
    return { id, type, cancelled_at, decided: deliveries, fan_outs };
  }
}
