import { z } from 'zod';
import { defineEvent } from '../../define.ts';

/** How often each replica of each service beats. */
export const beatEveryMs = 2_000;

/** How one replica of a service is doing; it is of no tenant. */
export const serviceBeatSchema = z.object({
  service: z.string(),
  /** Tells the replica from the others of its service; another one after each start. */
  replica: z.uuid(),
  version: z.string(),
  started_at: z.iso.datetime(),
  /** Why it cannot work right now, as on `/health/ready`; null when it can. */
  trouble: z.string().nullable(),
  /** Of the queues that it consumes those whose oldest message has waited for long, with when that was published. */
  oldest: z.record(z.string(), z.iso.datetime()).optional(),
});
export type ServiceBeat = z.infer<typeof serviceBeatSchema>;

export const serviceBeat = defineEvent<ServiceBeat>({
  type: 'carillon.service.beat.v1',
  exchange: 'pipeline',
  key: 'service.beat',
  lanes: false,
  announcement: true,
  summary: 'A replica of a service is there, and says how it is doing.',
  schema: serviceBeatSchema,
  example: {
    service: 'inbox',
    replica: '0190a1b2-0000-7000-8000-000000000001',
    version: '0.1.0',
    started_at: '2026-11-21T09:30:00.000Z',
    trouble: null,
    oldest: { 'carillon.inbox.rendered.in_app.bulk': '2026-11-21T09:58:00.000Z' },
  },
});
