import { z } from 'zod';
import { catalogKeySchema } from '../../catalog/index.ts';
import { defineRpc } from '../../define.ts';

/**
 * `bound`: its events arrive. `missing`: there is no such exchange yet; it is bound when it appears. `refused`: it may not be
 * bound. `pending`: not tried yet.
 */
export const sourceStatuses = ['bound', 'missing', 'refused', 'pending'] as const;
export type SourceStatus = (typeof sourceStatuses)[number];

export const sourceStandingSchema = z.object({
  /** In the catalog. */
  key: catalogKeySchema,
  exchange: z.string(),
  routing_keys: z.array(z.string()),
  status: z.enum(sourceStatuses),
  /** Why it is missing or refused. */
  error: z.string().nullable(),
  /** Since when its events arrive. */
  bound_at: z.string().nullable(),
  checked_at: z.string().nullable(),
});
export type SourceStanding = z.infer<typeof sourceStandingSchema>;

/** By key. */
export const listSources = defineRpc<{ tenant: string }, SourceStanding[]>({
  name: 'preferences.sources.list.v1',
  service: 'preferences',
  summary: 'The sources of a tenant’s catalog, and whether their exchanges are bound.',
  request: z.object({ tenant: z.string() }),
  response: z.array(sourceStandingSchema),
  example: {
    request: { tenant: 'default' },
    response: [
      {
        key: 'lessons',
        exchange: 'studio.events',
        routing_keys: ['lesson.*'],
        status: 'missing',
        error: "NOT_FOUND - no exchange 'studio.events' in vhost '/'",
        bound_at: null,
        checked_at: '2026-11-21T09:30:00.000Z',
      },
    ],
  },
});
