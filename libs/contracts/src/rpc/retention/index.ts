/** What is kept for how long, in one place; who asks whom to remove it, and what came of it. */
import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { tenantSchema, uuidSchema } from '../../words.ts';

interface RetentionKindFacts {
  /** Who keeps it. */
  services: readonly RetentionService[];
  /** For how long, unless the installation or the tenant says otherwise. */
  days: number;
  /** What it is and from when its days count. */
  what: string;
  /** Nobody has a say in it: what the machinery itself needs for a while. */
  fixed?: boolean;
}

/** The services that keep what has its days. */
export const retentionServices = [
  'preferences',
  'template-renderer',
  'inbox',
  'email-sender',
  'sms-sender',
  'scheduler',
  'gateway',
] as const;
export type RetentionService = (typeof retentionServices)[number];

/** Every kind of data that is removed when its days are over. */
export const retentionKinds = {
  decisions: {
    services: ['preferences'],
    days: 90,
    what: 'Events, the decisions about their notifications and what was asked about addresses, from when it happened.',
  },
  read_notifications: {
    services: ['inbox'],
    days: 30,
    what: 'In-app notifications that were read, from when they were.',
  },
  expired_notifications: {
    services: ['inbox'],
    days: 7,
    what: 'In-app notifications whose `expires_at` has passed, from then; lists and counts leave them out at once.',
  },
  deliveries: {
    services: ['email-sender', 'sms-sender'],
    days: 90,
    what: 'The email and SMS logs with attempts, receipts, opens and clicks, from the event.',
  },
  timers: {
    services: ['scheduler'],
    days: 30,
    what: 'That a timer fired, expired or was cancelled, from its time.',
  },
  schedule_runs: {
    services: ['scheduler'],
    days: 365,
    what: 'The history of recurring schedules.',
  },
  digests: {
    services: ['scheduler'],
    days: 90,
    what: 'Digests and batches with what was in them, from when they were sent.',
  },
  dead_letters: {
    services: ['gateway'],
    days: 90,
    what: 'Dead letters, from when they were replayed or discarded; what nobody has decided about stays.',
  },
  webhooks: {
    services: ['gateway'],
    days: 30,
    what: 'What webhooks were told, with each attempt, from when it happened.',
  },
  leftovers: {
    services: ['preferences', 'template-renderer', 'inbox', 'email-sender', 'sms-sender', 'scheduler', 'gateway'],
    days: 90,
    what: 'What the machinery remembers for a while, at most so long: deleted and cancelled ones that could still be delivered again, receipts without a delivery, counted experiments, earlier clean-ups.',
    fixed: true,
  },
} as const satisfies Record<string, RetentionKindFacts>;
export type RetentionKind = keyof typeof retentionKinds;

const kindNames = Object.keys(retentionKinds) as [RetentionKind, ...RetentionKind[]];
export const retentionKindSchema = z.enum(kindNames);
/** The kinds whose days can be chosen. */
export const chosenRetentionKinds = kindNames.filter((kind) => !('fixed' in retentionKinds[kind]));

export const retentionDaysSchema = z
  .number()
  .int('must be a whole number of days')
  .min(1, 'must be at least 1 day')
  .max(36_500, 'must be at most 36500 days');

/** For how long a kind is kept. */
const periodSchema = z.object({
  days: retentionDaysSchema,
  /** Tenants that keep it for another time. */
  by_tenant: z.record(z.string(), retentionDaysSchema),
});
export type RetentionPeriod = z.infer<typeof periodSchema>;
/** Of each kind that a service is asked for. */
export type RetentionPlan = Partial<Record<RetentionKind, RetentionPeriod>>;

const removedSchema = z.object({
  kind: retentionKindSchema,
  tenant: z.string(),
  /** Notifications, deliveries, timers: what somebody would count. */
  count: z.number().int(),
  /** The time from which the days of the oldest one count; only where nothing is removed yet. */
  oldest: z.string().nullable(),
});
export type Removed = z.infer<typeof removedSchema>;

const tendRequest = z.object({
  service: z.enum(retentionServices),
  /** Only what is theirs; null: everybody's, and partitions are dropped. */
  tenant: tenantSchema.nullable(),
  plan: z.partialRecord(retentionKindSchema, periodSchema) as z.ZodType<RetentionPlan>,
  /** Only count what would be removed. */
  dry_run: z.boolean(),
  /** After how long to stop, so that the answer is not waited for in vain. */
  seconds: z.number().positive(),
});
const tendResponse = z.object({
  removed: z.array(removedSchema),
  /** Whether all is done; otherwise it is to be asked again. */
  finished: z.boolean(),
  /** What could not be removed now, and why. */
  errors: z.array(z.object({ kind: retentionKindSchema, error: z.string() })),
});
export type Tended = z.infer<typeof tendResponse>;

/** Has a service remove what its days are over for, or count it. The scheduler asks, whoever has begun the run. */
export const tendRetention = defineRpc<z.infer<typeof tendRequest>, Tended>({
  name: 'retention.tend.v1',
  service: ({ service }) => service,
  summary: 'Removes, or counts, what a service has kept for long enough.',
  request: tendRequest,
  response: tendResponse,
  example: {
    request: {
      service: 'inbox',
      tenant: null,
      plan: { read_notifications: { days: 30, by_tenant: { school: 90 } } },
      dry_run: false,
      seconds: 10,
    },
    response: {
      removed: [{ kind: 'read_notifications', tenant: 'default', count: 1200, oldest: null }],
      finished: true,
      errors: [],
    },
  },
});

const tenantRequest = z.object({ tenant: z.string() });
export const retentionSchema = z.object({
  /** When everybody's data are cleaned up, in cron's five fields. */
  schedule: z.string(),
  time_zone: z.string(),
  next_run: z.string(),
  kinds: z.array(
    z.object({
      kind: retentionKindSchema,
      what: z.string(),
      days: z.number().int(),
      /** What holds where the tenant has not chosen. */
      default_days: z.number().int(),
      /** Whether the tenant may choose. */
      fixed: z.boolean(),
    }),
  ),
});
export type Retention = z.infer<typeof retentionSchema>;

const exampleRetention: Retention = {
  schedule: '0 3 * * sun',
  time_zone: 'UTC',
  next_run: '2026-11-22T03:00:00.000Z',
  kinds: [
    {
      kind: 'deliveries',
      what: retentionKinds.deliveries.what,
      days: 30,
      default_days: retentionKinds.deliveries.days,
      fixed: false,
    },
  ],
};

/** For how long a tenant's data are kept. */
export const getRetention = defineRpc<z.infer<typeof tenantRequest>, Retention>({
  name: 'scheduler.retention.get.v1',
  service: 'scheduler',
  summary: 'For how long what is kept of a tenant.',
  request: tenantRequest,
  response: retentionSchema,
  example: { request: { tenant: 'default' }, response: exampleRetention },
});

/** The body of `PUT /v1/admin/retention`: a kind that is left out is kept for its default. */
export const retentionInputSchema = z.strictObject({
  days: z.partialRecord(
    z.enum(chosenRetentionKinds as [RetentionKind, ...RetentionKind[]]),
    retentionDaysSchema,
  ) as z.ZodType<Partial<Record<RetentionKind, number>>>,
});
const setRequest = tenantRequest.extend({ ...retentionInputSchema.shape, by: z.string() });
/** Replaces a tenant's own days. */
export const setRetention = defineRpc<z.infer<typeof setRequest>, Retention>({
  name: 'scheduler.retention.set.v1',
  service: 'scheduler',
  summary: 'For how long a tenant wants what to be kept.',
  request: setRequest,
  response: retentionSchema,
  example: { request: { tenant: 'default', days: { deliveries: 30 }, by: 'backend' }, response: exampleRetention },
});

export const retentionRunSchema = z.object({
  /** Null of a dry run, which nothing remembers. */
  id: z.string().nullable(),
  dry_run: z.boolean(),
  /** Null: its time had come. */
  asked_by: z.string().nullable(),
  /** The time of the schedule that it is; later than `begun_at` never, earlier after an outage. */
  due_at: z.string().nullable(),
  begun_at: z.string(),
  finished_at: z.string().nullable(),
  status: z.enum(['running', 'finished', 'incomplete']),
  /** What was removed, or would be, of this tenant's. */
  removed: z.array(removedSchema.omit({ tenant: true })),
  services: z.array(
    z.object({
      service: z.enum(retentionServices),
      status: z.enum(['waiting', 'finished', 'incomplete']),
      /** For how long it worked. */
      seconds: z.number(),
      error: z.string().nullable(),
    }),
  ),
});
export type RetentionRun = z.infer<typeof retentionRunSchema>;

const exampleRun: RetentionRun = {
  id: '019aa5e5-8f00-8e00-8000-000000000005',
  dry_run: false,
  asked_by: null,
  due_at: '2026-11-22T03:00:00.000Z',
  begun_at: '2026-11-22T03:00:00.412Z',
  finished_at: '2026-11-22T03:00:04.010Z',
  status: 'finished',
  removed: [{ kind: 'deliveries', count: 1200, oldest: null }],
  services: [{ service: 'email-sender', status: 'finished', seconds: 2.4, error: null }],
};

const runRequest = tenantRequest.extend({ dry_run: z.boolean(), by: z.string() });
/** Begins a run for one tenant; a dry one is answered with what it would remove. */
export const runRetention = defineRpc<z.infer<typeof runRequest>, RetentionRun>({
  name: 'scheduler.retention.run.v1',
  service: 'scheduler',
  summary: 'Removes now, or counts, what a tenant has kept for long enough.',
  request: runRequest,
  response: retentionRunSchema,
  example: {
    request: { tenant: 'default', dry_run: false, by: 'backend' },
    response: { ...exampleRun, asked_by: 'backend', due_at: null, finished_at: null, status: 'running', removed: [] },
  },
});

const oneRunRequest = tenantRequest.extend({ id: uuidSchema });
/** Errors: 404. */
export const getRetentionRun = defineRpc<z.infer<typeof oneRunRequest>, RetentionRun>({
  name: 'scheduler.retention.get_run.v1',
  service: 'scheduler',
  summary: 'One run, with what it removed of a tenant’s.',
  request: oneRunRequest,
  response: retentionRunSchema,
  example: { request: { tenant: 'default', id: exampleRun.id! }, response: exampleRun },
});

const runsRequest = tenantRequest.extend({
  limit: z.number().int().min(1).max(100),
  after: uuidSchema.nullable(),
});
/** Newest first: a tenant's own and everybody's. */
export const listRetentionRuns = defineRpc<z.infer<typeof runsRequest>, { data: RetentionRun[]; next: string | null }>({
  name: 'scheduler.retention.list_runs.v1',
  service: 'scheduler',
  summary: 'A page of the runs, with what they removed of a tenant’s.',
  request: runsRequest,
  response: z.object({ data: z.array(retentionRunSchema), next: z.string().nullable() }),
  example: {
    request: { tenant: 'default', limit: 20, after: null },
    response: { data: [exampleRun], next: null },
  },
});
