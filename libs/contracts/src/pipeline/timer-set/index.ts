import { z } from 'zod';
import { cloudEventSchema, type CloudEvent } from '../../cloud-event.ts';
import { defineEvent } from '../../define.ts';
import { timestampSchema, uuidSchema } from '../../words.ts';

export const timerSetSchema = z.object({
  /** Setting the same timer again changes nothing. */
  timer_id: uuidSchema,
  due_at: timestampSchema,
  /** Past this time the timer lapses unfired. */
  expires_at: timestampSchema.optional(),
  /** Goes to `carillon.due` under `routing_key` at the due time, with the extension attribute `timer`. */
  message: cloudEventSchema as unknown as z.ZodType<CloudEvent>,
  routing_key: z.string(),
  /** Of the event that waits, so that whoever cancels it finds the timer. */
  event_id: uuidSchema.optional(),
  /** By which it can be cancelled or woken together with others. */
  key: z.string().max(256).optional(),
  /** When the event was that it goes back to, Unix milliseconds. */
  since: z.number().int().optional(),
  /** It is due by the recipient's clocks: another time zone means another time. */
  follows_zone: z.boolean().optional(),
  /** It goes before others that are due, and by the front door itself (`carillon.events`). */
  urgent: z.boolean().optional(),
});
export type TimerSet = z.infer<typeof timerSetSchema>;

export const timerSet = defineEvent<TimerSet>({
  type: 'carillon.timer.set.v1',
  exchange: 'pipeline',
  key: 'schedule.set',
  lanes: false,
  summary: 'A message is to come back onto the street at a later time.',
  schema: timerSetSchema,
  example: {
    timer_id: '019aa5e5-8f00-8d00-8000-000000000004',
    due_at: '2026-11-22T06:00:00Z',
    routing_key: 'carillon.event.requested',
    message: {
      specversion: '1.0',
      id: '019aa5e5-8f00-8a00-8000-000000000001',
      source: '/carillon/gateway',
      type: 'carillon.event.requested.v1',
      tenant: 'default',
      data: { type: 'welcome', recipients: ['parent-17'], send_at: '2026-11-22T06:00:00Z' },
    },
  },
});
