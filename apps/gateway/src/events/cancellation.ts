import { Injectable, Logger } from '@nestjs/common';
import { cancelEvent, stopEvent, stoppingServices } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';

const counts = z.record(z.string(), z.number().int());

export const cancellationSchema = z.object({
  id: z.string(),
  type: z.string(),
  status: z.literal('cancelled'),
  /** The first time, which asking again does not change. */
  cancelled_at: z.string(),
  /** What will not be sent: `timers` (reminders among them), `digest_items`, `fan_outs`, and deliveries by channel. */
  stopped: counts,
  /** Deliveries that were out already, by channel. What was decided and is in neither was on its way, and is stopped on arrival. */
  out: counts,
  /** Deliveries that had been decided upon, by channel. */
  decided: counts,
  /** Services that could not be asked now. They stop what they have as soon as they are back; it is not counted here. */
  pending: z.array(z.enum(stoppingServices)),
});
export type Cancellation = z.infer<typeof cancellationSchema>;

/** Cancels events, and gathers what it came to. */
@Injectable()
export class Cancelling {
  private readonly logger = new Logger(Cancelling.name);

  constructor(private readonly messages: Messages) {}

  /**
   * With preferences' answer it is certain, and every service is told; asking them here only makes it known at once what was stopped.
   * @throws Problem 404; 503 when nothing was cancelled
   */
  async cancel(tenant: string, id: string, by: string): Promise<Cancellation> {
    const { fan_outs, decided, ...event } = await this.messages.call(cancelEvent, { tenant, id, by });
    const { cancelled_at } = event;
    const stops = await Promise.allSettled(
      stoppingServices.map((service) => this.messages.call(stopEvent, { tenant, service, event_id: id, cancelled_at })),
    );
    const stopped: Record<string, number> = { fan_outs };
    const out: Record<string, number> = {};
    const pending: Cancellation['pending'] = [];
    stops.forEach((stop, index) => {
      if (stop.status === 'fulfilled') {
        Object.assign(stopped, stop.value.stopped);
        Object.assign(out, stop.value.out);
        return;
      }
      const service = stoppingServices[index]!;
      this.logger.warn({ msg: 'cancels later', service, event: id, error: (stop.reason as Error).message });
      pending.push(service);
    });
    // Nothing stands between a decision and the inbox but the street; what the inbox has not turned away is there.
    if ('in_app' in stopped && decided.in_app) out.in_app = Math.max(0, decided.in_app - stopped.in_app!);
    return { ...event, status: 'cancelled', stopped, out, decided, pending };
  }
}
