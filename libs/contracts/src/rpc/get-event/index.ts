import { z } from 'zod';
import { defineRpc } from '../../define.ts';

const request = z.object({ tenant: z.string(), id: z.string() });
export const eventProgressSchema = z.object({
  id: z.string(),
  type: z.string(),
  source: z.string(),
  /** `scheduled` until its `send_at`, `fanning_out` while an audience is gone through, then `decided`; `cancelled` by somebody. */
  status: z.enum(['scheduled', 'fanning_out', 'decided', 'cancelled']),
  /** When and by whom, where it was. */
  cancelled_at: z.string().nullable(),
  cancelled_by: z.string().nullable(),
  /** False when the event came without an id of its own. */
  deduplicated: z.boolean(),
  send_at: z.string().nullable(),
  created_at: z.string(),
  notifications: z.number().int(),
  /** Deliveries decided upon, by channel. */
  deliveries: z.record(z.string(), z.number().int()),
  /** Types that it could have triggered, but whose `when` did not hold. */
  skipped: z.array(z.string()),
  /** Why the fan-out to its audience does not go on for now; it is tried again. */
  error: z.string().nullable(),
});
export type EventProgress = z.infer<typeof eventProgressSchema>;

/** Progress of one event. Errors: 404. */
export const getEvent = defineRpc<z.infer<typeof request>, EventProgress>({
  name: 'preferences.events.get.v1',
  service: 'preferences',
  summary: 'Progress of one event.',
  request,
  response: eventProgressSchema,
  example: {
    request: { tenant: 'default', id: '019aa5e5-8f00-8a00-8000-000000000001' },
    response: {
      id: '019aa5e5-8f00-8a00-8000-000000000001',
      type: 'invoice_issued',
      source: '/finance',
      status: 'decided',
      cancelled_at: null,
      cancelled_by: null,
      deduplicated: true,
      send_at: null,
      created_at: '2026-11-21T09:30:00.000Z',
      notifications: 1,
      deliveries: { in_app: 1, email: 1 },
      skipped: [],
      error: null,
    },
  },
});
