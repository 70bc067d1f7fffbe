import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { eventCancelledSchema } from '../../pipeline/event-cancelled/index.ts';

const exampleId = '019aa5e5-8f00-8a00-8000-000000000001';
const exampleTime = '2026-11-21T09:31:00.000Z';
const counts = z.record(z.string(), z.number().int());

const request = z.object({
  tenant: z.string(),
  id: z.string(),
  /** Who asks, by the name of the key or member. */
  by: z.string(),
});
const cancelledSchema = z.object({
  id: z.string(),
  type: z.string(),
  /** The first time, which a repetition does not change. */
  cancelled_at: z.string(),
  /** Deliveries that were decided upon, by channel. */
  decided: counts,
  /** Fan-outs to an audience that were stopped on their way. */
  fan_outs: z.number().int(),
});

/** Cancels an event, for good; repeating it changes nothing. The other services are told of it, which is certain with the answer. Errors: 404. */
export const cancelEvent = defineRpc<z.infer<typeof request>, z.infer<typeof cancelledSchema>>({
  name: 'preferences.events.cancel.v1',
  service: 'preferences',
  summary: 'Cancels what of an event has not been sent yet.',
  request,
  response: cancelledSchema,
  example: {
    request: { tenant: 'default', id: exampleId, by: 'backend' },
    response: {
      id: exampleId,
      type: 'invoice_issued',
      cancelled_at: exampleTime,
      decided: { in_app: 1, email: 1 },
      fan_outs: 0,
    },
  },
});

/** Where something of an event can wait or arrive. */
export const stoppingServices = ['scheduler', 'inbox', 'email-sender', 'sms-sender'] as const;

const stopRequest = eventCancelledSchema.extend({ tenant: z.string(), service: z.enum(stoppingServices) });
const stoppedSchema = z.object({
  /** What will not be sent, by its kind: `timers`, `digest_items`, or a channel. Repeated it counts the same again. */
  stopped: counts,
  /** Deliveries that a provider has been given, by channel. */
  out: counts,
});

/** The same as the message {@link eventCancelled}, for whoever wants to know what it came to. */
export const stopEvent = defineRpc<z.infer<typeof stopRequest>, z.infer<typeof stoppedSchema>>({
  name: 'events.stop.v1',
  service: ({ service }) => service,
  summary: 'Stops what a service has of a cancelled event.',
  request: stopRequest,
  response: stoppedSchema,
  example: {
    request: { tenant: 'default', service: 'email-sender', event_id: exampleId, cancelled_at: exampleTime },
    response: { stopped: { email: 1 }, out: { email: 0 } },
  },
});
