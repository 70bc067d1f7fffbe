import { z } from 'zod';
import { defineEvent } from '../../define.ts';

export const timersCancelledSchema = z.object({
  /** As the timers were set with it. */
  key: z.string(),
  /** Timers of events that were not later than this, Unix milliseconds, also those that are set only afterwards. */
  at: z.number().int(),
});
export type TimersCancelled = z.infer<typeof timersCancelledSchema>;

export const timersCancelled = defineEvent<TimersCancelled>({
  type: 'carillon.timers.cancelled.v1',
  exchange: 'pipeline',
  key: 'schedule.cancel',
  lanes: false,
  summary: 'What waits under a key has become pointless.',
  schema: timersCancelledSchema,
  example: { key: 'lesson_scheduled:lesson-7', at: 1763717400000 },
});
