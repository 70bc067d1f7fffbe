import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { recipientIdSchema, timestampSchema, uuidSchema } from '../../words.ts';

export const timerKinds = ['event', 'notification', 'schedule', 'reminder', 'digest'] as const;
/**
 * What a timer keeps: an `event` with `send_at`; what of a `notification` waits for the end of quiet hours or for its digest; a
 * time of a recurring `schedule`; a `reminder` of the catalog; a `digest` or batch that is closed and on its way.
 */
export type TimerKind = (typeof timerKinds)[number];

export const timerStates = ['pending', 'fired', 'expired', 'cancelled'] as const;

export const timerSchema = z.object({
  id: z.string(),
  kind: z.enum(timerKinds),
  status: z.enum(timerStates),
  due_at: z.string(),
  /** Past it the timer ends unfired. */
  expires_at: z.string().nullable(),
  fired_at: z.string().nullable(),
  created_at: z.string(),
  /** Of the event that waits. */
  event_id: z.string().nullable(),
  /** The catalog type or event type that waits; none once it has ended. */
  type: z.string().nullable(),
  /** Whom it names, at most 20; none once it has ended. */
  recipients: z.array(z.string()),
  schedule_id: z.string().nullable(),
  /** Why it has not fired although it is due. */
  error: z.string().nullable(),
});
export type Timer = z.infer<typeof timerSchema>;

export const timerFilterSchema = z.strictObject({
  kind: z.enum(timerKinds).optional(),
  status: z.enum(timerStates).default('pending'),
  recipient: recipientIdSchema.optional(),
  event_id: uuidSchema.optional(),
  due_from: timestampSchema.optional(),
  due_to: timestampSchema.optional(),
});
export type TimerFilter = z.infer<typeof timerFilterSchema>;

const tenant = 'default';
const exampleTimer: Timer = {
  id: '019aa5e5-8f00-8d00-8000-000000000004',
  kind: 'event',
  status: 'pending',
  due_at: '2026-11-22T06:00:00.000Z',
  expires_at: null,
  fired_at: null,
  created_at: '2026-11-21T09:30:00.000Z',
  event_id: '019aa5e5-8f00-8a00-8000-000000000001',
  type: 'welcome',
  recipients: ['parent-17'],
  schedule_id: null,
  error: null,
};

const listRequest = z.object({
  tenant: z.string(),
  filter: timerFilterSchema,
  limit: z.number().int().min(1).max(100),
  after: z.string().nullable(),
});
/** By due time, the next one first; those that have ended the other way round. */
export const listTimers = defineRpc<z.infer<typeof listRequest>, { data: Timer[]; next: string | null }>({
  name: 'scheduler.timers.list.v1',
  service: 'scheduler',
  summary: 'A page of a tenant’s timers.',
  request: listRequest,
  response: z.object({ data: z.array(timerSchema), next: z.string().nullable() }),
  example: {
    request: { tenant, filter: { status: 'pending' }, limit: 20, after: null },
    response: { data: [exampleTimer], next: null },
  },
});

const oneRequest = z.object({ tenant: z.string(), id: z.string() });
/** Errors: 404. */
export const getTimer = defineRpc<z.infer<typeof oneRequest>, Timer>({
  name: 'scheduler.timers.get.v1',
  service: 'scheduler',
  summary: 'One timer.',
  request: oneRequest,
  response: timerSchema,
  example: { request: { tenant, id: exampleTimer.id }, response: exampleTimer },
});

/** Errors: 404; 409 `timer_ended` when it is too late. */
export const cancelTimer = defineRpc<z.infer<typeof oneRequest>, Timer>({
  name: 'scheduler.timers.cancel.v1',
  service: 'scheduler',
  summary: 'Cancels a pending timer.',
  request: oneRequest,
  response: timerSchema,
  example: { request: { tenant, id: exampleTimer.id }, response: { ...exampleTimer, status: 'cancelled' } },
});

export const timerChangeSchema = z.strictObject({ due_at: timestampSchema });
const moveRequest = oneRequest.extend({ due_at: timestampSchema });
/** Errors: 404; 409 `timer_ended`; 422 `past_due_at`, `due_after_deadline`. */
export const moveTimer = defineRpc<z.infer<typeof moveRequest>, Timer>({
  name: 'scheduler.timers.move.v1',
  service: 'scheduler',
  summary: 'Lets a pending timer fire at another time.',
  request: moveRequest,
  response: timerSchema,
  example: {
    request: { tenant, id: exampleTimer.id, due_at: '2026-11-23T06:00:00.000Z' },
    response: { ...exampleTimer, due_at: '2026-11-23T06:00:00.000Z' },
  },
});
