import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { timestampSchema, uuidSchema } from '../../words.ts';

export const eventCancelledSchema = z.object({
  /** Of the event's record. */
  event_id: uuidSchema,
  cancelled_at: timestampSchema,
});
export type EventCancelled = z.infer<typeof eventCancelledSchema>;

/** Told to every service in which something of an event can wait or arrive. */
export const eventCancelled = defineEvent<EventCancelled>({
  type: 'carillon.event.cancelled.v1',
  exchange: 'pipeline',
  key: 'event.cancelled',
  lanes: false,
  heardFirst: true,
  summary: 'An event was cancelled: what has not been sent yet is not sent.',
  schema: eventCancelledSchema,
  example: { event_id: '019aa5e5-8f00-8a00-8000-000000000001', cancelled_at: '2026-11-21T09:31:00.000Z' },
});
