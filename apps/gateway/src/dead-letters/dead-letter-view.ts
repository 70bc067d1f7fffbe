import { z } from 'zod';

export const deadLetterStatuses = ['parked', 'replayed', 'discarded'] as const;

export const keptDeadLetterSchema = z.object({
  id: z.string(),
  stage: z.string(),
  error: z.string(),
  attempts: z.number().int(),
  status: z.enum(deadLetterStatuses),
  parked_at: z.string(),
  settled_at: z.string().nullable(),
  exchange: z.string(),
  routing_key: z.string(),
  properties: z.record(z.string(), z.unknown()),
  body: z.string(),
  body_encoding: z.enum(['utf8', 'base64']),
});
export type DeadLetterView = z.infer<typeof keptDeadLetterSchema>;

export const deadLetterColumns =
  'id, stage, error, attempts, status, parked_at, settled_at, exchange, routing_key, properties, body, body_encoding';
