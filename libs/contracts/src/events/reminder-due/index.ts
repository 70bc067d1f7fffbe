import { z } from 'zod';
import { audienceSchema } from '../../audience.ts';
import { defineEvent } from '../../define.ts';
import { recipientIdSchema, timestampSchema } from '../../words.ts';
import { eventRequested, eventRequestSchema } from '../event-requested/index.ts';

/** When a reminder comes: the part of a catalog's reminder that its timer keeps. */
export const reminderRuleSchema = z.object({
  /** How long before (`-PT24H`) or after (`P30D`) its reference time. */
  offset: z.string().optional(),
  /** At that time of the day. */
  local_time: z.string().optional(),
  /** Of whose clocks, instead of the recipient's. */
  time_zone: z.string().optional(),
  /** Again and again, so long after the one before. */
  every: z.string().optional(),
  /** How long after its reference time it comes no more. */
  until: z.string().optional(),
});
export type ReminderRule = z.infer<typeof reminderRuleSchema>;

export const reminderDueSchema = z.object({
  /** Id of the event record that the reminder speaks of. */
  event_id: z.string(),
  /** Catalog key of the type whose reminder it is, and which of them. */
  of: z.string(),
  index: z.number().int(),
  rule: reminderRuleSchema,
  /** Its reference time, as the data say it. */
  at: z.string(),
  /** When the event was, Unix milliseconds: what cancels or moves it must be younger. */
  since: z.number().int(),
  /** What cancels or moves it finds it by this. */
  key: z.string().optional(),
  /** The time that this timer was set for. */
  due_at: timestampSchema,
  /** Changes with every move, so that a time planned anew is another timer. */
  revision: z.string().default(''),
  /** Whom it reminds: one recipient, or an audience. */
  recipient: recipientIdSchema.optional(),
  audience: audienceSchema.optional(),
  /** What is asked for then; its recipients are left out. */
  request: z.record(z.string(), z.unknown()) as unknown as z.ZodType<Partial<z.infer<typeof eventRequestSchema>>>,
  /**
   * It was woken before its time, to be planned anew: by a move (an event of that time, `since`), with the new reference time and
   * data; or because the recipient's time zone has changed.
   */
  woken: z
    .object({
      by: z.string(),
      since: z.number().int().optional(),
      at: z.string().optional(),
      data: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});
export type ReminderDue = z.infer<typeof reminderDueSchema>;

/** Kept by a timer: at the reminder's time it comes back, becomes an event of its own, and plans its next time. */
export const reminderDue = defineEvent<ReminderDue>({
  type: 'carillon.reminder.due.v1',
  exchange: 'events',
  key: 'carillon.reminder.due',
  lanes: false,
  summary: 'The time of a reminder has come, or it is to be planned anew.',
  schema: reminderDueSchema,
  example: {
    event_id: '019aa5e5-8f00-8a00-8000-000000000001',
    of: 'lesson_scheduled',
    index: 0,
    rule: { offset: '-PT24H' },
    at: '2026-11-23T15:00:00Z',
    since: 1763717400000,
    key: 'lesson_scheduled:lesson-7',
    due_at: '2026-11-22T15:00:00.000Z',
    revision: '',
    recipient: 'student-3',
    request: { type: 'lesson_reminder', data: { ...eventRequested.example.data } },
  },
});
