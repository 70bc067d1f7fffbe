import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { recipientIdSchema } from '../../words.ts';

export const timersWokenSchema = z.object({
  /** Those that were set with this key … */
  key: z.string().optional(),
  /** … or those of a recipient that follow the recipient's clocks. */
  recipient: recipientIdSchema.optional(),
  /** Timers of events that were not later than this, Unix milliseconds. */
  at: z.number().int(),
  /** What their messages are told under `data.woken`. */
  woken: z.object({
    by: z.string(),
    since: z.number().int().optional(),
    at: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type TimersWoken = z.infer<typeof timersWokenSchema>;

export const timersWoken = defineEvent<TimersWoken>({
  type: 'carillon.timers.woken.v1',
  exchange: 'pipeline',
  key: 'schedule.wake',
  lanes: false,
  summary: 'Timers come back before their time, to be planned anew.',
  schema: timersWokenSchema,
  example: {
    key: 'lesson_scheduled:lesson-7',
    at: 1763717400000,
    woken: { by: '019aa5e5-8f00-8a00-8000-000000000002', at: '2026-11-24T15:00:00Z', data: { lesson_id: 'lesson-7' } },
  },
});
