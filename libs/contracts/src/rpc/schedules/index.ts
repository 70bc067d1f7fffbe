import { z } from 'zod';
import { durationSchema } from '../../catalog/index.ts';
import { audienceSchema } from '../../audience.ts';
import { defineRpc } from '../../define.ts';
import { eventRequestFields } from '../../events/event-requested/index.ts';
import { refuseUnstorable } from '../../validate.ts';
import { eventTypeSchema, jsonObjectSchema, timestampSchema } from '../../words.ts';

const { send_at: _, expires_at: __, recipients: ___, ...eventFields } = eventRequestFields;

/** The event that a schedule asks for: as `POST /v1/events` takes it, for an audience. */
export const scheduledEventSchema = z
  .strictObject({ ...eventFields, audience: audienceSchema })
  .refine(({ type, content }) => type !== undefined || content !== undefined, {
    path: ['type'],
    message: 'is required unless content is given',
  });
export type ScheduledEvent = z.infer<typeof scheduledEventSchema>;

/** A message to a domain service, which may answer with events of its own. */
export const scheduledPublishSchema = z.strictObject({
  /** Of the domain service; Carillon never declares it. */
  exchange: z
    .string()
    .min(1, 'name the exchange of the domain service')
    .refine((name) => Buffer.byteLength(name) <= 255, 'must be at most 255 bytes long'),
  routing_key: z
    .string()
    .refine((key) => Buffer.byteLength(key) <= 255, 'must be at most 255 bytes long')
    .default(''),
  /** CloudEvents type of the message. */
  type: eventTypeSchema,
  data: jsonObjectSchema.default({}),
});
export type ScheduledPublish = z.infer<typeof scheduledPublishSchema>;

const wallClockSchema = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/, {
    error: 'must be a local time without zone, such as 2026-12-01T08:00',
    abort: true,
  })
  .refine((text) => {
    const ms = Date.parse(`${text}Z`);
    return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
  }, 'is no day of the calendar or no time of the day');

/** The body of `POST /v1/admin/schedules` and `PUT /v1/admin/schedules/{id}`. */
export const scheduleInputSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(200),
    /** Minute, hour, day of month, month, weekday. */
    cron: z.string().max(200).optional(),
    /** RFC 5545, section 3.3.10, such as FREQ=MONTHLY;BYDAY=2TU. */
    rrule: z.string().max(1000).optional(),
    /** IANA zone whose clocks count. */
    time_zone: z.string().max(100),
    /** Local time before which nothing happens; an `rrule` takes the hour and minute from it. Now, when left out. */
    starts_at: wallClockSchema.optional(),
    /** What is asked for at each of its times. */
    event: scheduledEventSchema.optional(),
    /** Or the message that a domain service gets. */
    publish: scheduledPublishSchema.optional(),
    /** How late it may still happen after an outage; then it is left out. */
    deadline: durationSchema.default('1h'),
  })
  .refine(({ cron, rrule }) => (cron === undefined) !== (rrule === undefined), {
    path: ['cron'],
    message: 'give either cron or rrule',
  })
  .refine(({ event, publish }) => (event === undefined) !== (publish === undefined), {
    path: ['event'],
    message: 'give either event or publish',
  })
  .superRefine(refuseUnstorable);
export type ScheduleInput = z.infer<typeof scheduleInputSchema>;

export const scheduleRunSchema = z.object({
  id: z.string(),
  due_at: z.string(),
  /** `pending` until its time; `expired` when it could not happen within the deadline. */
  status: z.enum(['pending', 'fired', 'expired', 'cancelled']),
  fired_at: z.string().nullable(),
  /** Of the event that it asked for: `GET /v1/events/{id}` says what became of it. None for a message to a domain service. */
  event_id: z.string().nullable(),
  /** Why it has not happened yet. */
  error: z.string().nullable(),
});
/** One time at which a schedule happens, or happened. */
export type ScheduleRun = z.infer<typeof scheduleRunSchema>;

export const scheduleSchema = z.object({
  id: z.string(),
  name: z.string(),
  cron: z.string().nullable(),
  rrule: z.string().nullable(),
  time_zone: z.string(),
  starts_at: z.string(),
  event: z.unknown().nullable(),
  publish: scheduledPublishSchema.nullable(),
  deadline: z.string(),
  paused: z.boolean(),
  /** The next five times; none while it is paused, or when it has ended. */
  next_runs: z.array(z.string()),
  last_run: scheduleRunSchema.nullable(),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
});
export type Schedule = z.infer<typeof scheduleSchema>;

const id = '019aa5e5-8f00-8d00-8000-000000000009';
const tenant = 'default';
const exampleInput: ScheduleInput = {
  name: 'Arrears, every day at two',
  cron: '0 14 * * *',
  time_zone: 'Africa/Nairobi',
  publish: { exchange: 'finance', routing_key: 'arrears.due', type: 'arrears.due', data: {} },
  deadline: '1h',
};
const exampleRun: ScheduleRun = {
  id: '019aa5e5-8f00-8d00-8000-00000000000a',
  due_at: '2026-11-21T11:00:00.000Z',
  status: 'fired',
  fired_at: '2026-11-21T11:00:00.012Z',
  event_id: null,
  error: null,
};
const exampleSchedule: Schedule = {
  id,
  name: exampleInput.name,
  cron: '0 14 * * *',
  rrule: null,
  time_zone: 'Africa/Nairobi',
  starts_at: '2026-11-20T09:00',
  event: null,
  publish: exampleInput.publish!,
  deadline: '1h',
  paused: false,
  next_runs: ['2026-11-22T11:00:00.000Z', '2026-11-23T11:00:00.000Z'],
  last_run: exampleRun,
  created_at: '2026-11-20T06:00:00.000Z',
  created_by: 'finance backend',
  updated_at: '2026-11-20T06:00:00.000Z',
};

const putRequest = z.object({
  tenant: z.string(),
  /** Left out: a new one. */
  id: z.string().optional(),
  /** Of a new one, so that the same request makes it once. */
  new_id: z.string().optional(),
  schedule: scheduleInputSchema,
  by: z.string(),
});
/**
 * Makes a schedule, or changes one; what was pending by the old rule is cancelled.
 * Errors: 404; 422 `invalid_schedule` for a rule that is not understood or never comes true, an unknown zone, a foreign exchange
 * that is Carillon's own; 409 `too_many_schedules`.
 */
export const putSchedule = defineRpc<z.infer<typeof putRequest>, Schedule>({
  name: 'scheduler.schedules.put.v1',
  service: 'scheduler',
  summary: 'Makes or changes a recurring schedule.',
  request: putRequest,
  response: scheduleSchema,
  example: { request: { tenant, schedule: exampleInput, by: 'finance backend' }, response: exampleSchedule },
});

const listRequest = z.object({
  tenant: z.string(),
  limit: z.number().int().min(1).max(100),
  after: z.string().nullable(),
});
/** Newest first. */
export const listSchedules = defineRpc<z.infer<typeof listRequest>, { data: Schedule[]; next: string | null }>({
  name: 'scheduler.schedules.list.v1',
  service: 'scheduler',
  summary: 'A page of the recurring schedules of a tenant.',
  request: listRequest,
  response: z.object({ data: z.array(scheduleSchema), next: z.string().nullable() }),
  example: { request: { tenant, limit: 20, after: null }, response: { data: [exampleSchedule], next: null } },
});

const oneRequest = z.object({ tenant: z.string(), id: z.string() });
/** Errors: 404. */
export const getSchedule = defineRpc<z.infer<typeof oneRequest>, Schedule>({
  name: 'scheduler.schedules.get.v1',
  service: 'scheduler',
  summary: 'One recurring schedule.',
  request: oneRequest,
  response: scheduleSchema,
  example: { request: { tenant, id }, response: exampleSchedule },
});

/** What is pending is cancelled; what has happened stays in the history of timers. Errors: 404. */
export const deleteSchedule = defineRpc<z.infer<typeof oneRequest>, Schedule>({
  name: 'scheduler.schedules.delete.v1',
  service: 'scheduler',
  summary: 'Removes a recurring schedule.',
  request: oneRequest,
  response: scheduleSchema,
  example: { request: { tenant, id }, response: exampleSchedule },
});

const pauseRequest = oneRequest.extend({ paused: z.boolean() });
/** While it is paused nothing happens and nothing is caught up on later. Errors: 404. */
export const pauseSchedule = defineRpc<z.infer<typeof pauseRequest>, Schedule>({
  name: 'scheduler.schedules.pause.v1',
  service: 'scheduler',
  summary: 'Pauses or resumes a recurring schedule.',
  request: pauseRequest,
  response: scheduleSchema,
  example: { request: { tenant, id, paused: false }, response: exampleSchedule },
});

const runRequest = oneRequest.extend({
  /** Which request this is and when it came first, so that it is heeded once. */
  asked: z.object({ id: z.string(), at: timestampSchema }).optional(),
});
/** Besides its times, now; also while it is paused. Errors: 404. */
export const runSchedule = defineRpc<z.infer<typeof runRequest>, ScheduleRun>({
  name: 'scheduler.schedules.run.v1',
  service: 'scheduler',
  summary: 'Lets a recurring schedule happen now.',
  request: runRequest,
  response: scheduleRunSchema,
  example: { request: { tenant, id }, response: { ...exampleRun, status: 'pending', fired_at: null } },
});

const runsRequest = listRequest.extend({ id: z.string() });
/** Newest first. Errors: 404. */
export const listScheduleRuns = defineRpc<z.infer<typeof runsRequest>, { data: ScheduleRun[]; next: string | null }>({
  name: 'scheduler.schedules.runs.v1',
  service: 'scheduler',
  summary: 'A page of the times at which a schedule happened.',
  request: runsRequest,
  response: z.object({ data: z.array(scheduleRunSchema), next: z.string().nullable() }),
  example: { request: { tenant, id, limit: 20, after: null }, response: { data: [exampleRun], next: null } },
});
