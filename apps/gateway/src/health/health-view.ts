import { breakerSchema, sentChannels } from '@carillon/contracts';
import { z } from 'zod';

const serviceSchema = z.object({
  service: z.string(),
  status: z
    .enum(['ok', 'degraded', 'not_ready', 'missing'])
    .describe('`degraded`: some replicas are not ready; `not_ready`: none is; `missing`: none was heard of lately'),
  replicas: z.array(
    z.object({
      replica: z.string().describe('Another one after each start'),
      version: z.string(),
      started_at: z.string(),
      heard_at: z.string().describe('When it was last heard of; it beats every 2 seconds'),
      ready: z.boolean(),
      trouble: z.string().nullable().describe('Why it is not ready'),
    }),
  ),
});
export type ServiceHealth = z.infer<typeof serviceSchema>;

const queueSchema = z.object({
  queue: z.string(),
  messages: z
    .number()
    .int()
    .nullable()
    .describe('That wait and that no replica has in hand, each up to a whole batch of items; null: the queue is gone'),
  consumers: z.number().int().nullable(),
  oldest_at: z
    .string()
    .nullable()
    .describe(
      'When its oldest message was published, whether it waits or a replica has it in hand; null: none has waited for two seconds. The services that consume it tell every 2 seconds',
    ),
  at_least: z
    .boolean()
    .describe(
      'No service consumes the queue, so nobody knows when its oldest message was published: `oldest_at` is since when the gateway has seen messages wait in it, and they may have waited longer',
    ),
});
export type QueueHealth = z.infer<typeof queueSchema>;

const queuesSchema = z.object({
  trouble: z.string().nullable().describe('Why RabbitMQ does not tell; null when it does'),
  data: z.array(queueSchema),
});
export type QueuesHealth = z.infer<typeof queuesSchema>;

const waitingSchema = z.object({
  count: z.number().int(),
  oldest_at: z.string().nullable().describe('Since when the oldest of them has waited'),
});
export type WaitingCount = z.infer<typeof waitingSchema>;

const providersSchema = z.object({
  channel: z.enum(sentChannels),
  trouble: z.string().nullable().describe('Why the sender of the channel does not tell; null when it does'),
  providers: z.array(
    z.object({
      name: z.string(),
      origin: z.enum(['tenant', 'installation']),
      in_use: z.boolean(),
      problem: z.string().nullable(),
      breaker: breakerSchema,
    }),
  ),
});
export type ProvidersHealth = z.infer<typeof providersSchema>;

/** How the installation is doing. */
export const installationSchema = z.object({
  at: z.string(),
  services: z.array(serviceSchema),
  queues: queuesSchema,
  outbox: waitingSchema.describe('Events that were accepted and that RabbitMQ has not taken yet'),
  dead_letters: waitingSchema.describe('Messages that are parked until an admin decides'),
});
export type InstallationHealth = z.infer<typeof installationSchema>;

/** The same with what is the tenant's own. */
export const healthSchema = installationSchema.extend({ providers: z.array(providersSchema) });
export type Health = z.infer<typeof healthSchema>;

export const installationExample: InstallationHealth = {
  at: '2026-11-21T09:30:04.000Z',
  services: [
    {
      service: 'inbox',
      status: 'ok',
      replicas: [
        {
          replica: '0190a1b2-0000-7000-8000-000000000001',
          version: '0.1.0',
          started_at: '2026-11-21T09:00:00.000Z',
          heard_at: '2026-11-21T09:30:03.000Z',
          ready: true,
          trouble: null,
        },
      ],
    },
    { service: 'scheduler', status: 'missing', replicas: [] },
  ],
  queues: {
    trouble: null,
    data: [
      {
        queue: 'carillon.inbox.rendered.in_app.urgent',
        messages: 0,
        consumers: 1,
        oldest_at: null,
        at_least: false,
      },
      {
        queue: 'carillon.scheduler.schedule.set',
        messages: 17,
        consumers: 0,
        oldest_at: '2026-11-21T09:26:40.000Z',
        at_least: true,
      },
    ],
  },
  outbox: { count: 0, oldest_at: null },
  dead_letters: { count: 1, oldest_at: '2026-11-21T08:12:00.000Z' },
};

export const healthExample: Health = {
  ...installationExample,
  providers: [
    {
      channel: 'sms',
      trouble: null,
      providers: [
        {
          name: 'twilio-kenya',
          origin: 'tenant',
          in_use: true,
          problem: null,
          breaker: {
            state: 'open',
            reason: 'the provider does not answer',
            since: '2026-11-21T09:29:00.000Z',
            retry_at: '2026-11-21T09:30:30.000Z',
            replicas: 1,
          },
        },
      ],
    },
  ],
};
