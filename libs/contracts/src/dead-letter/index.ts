import { z } from 'zod';
import { defineEvent } from '../define.ts';

export const deadLetterSchema = z.object({
  /** The queue whose consumer gave up. */
  stage: z.string(),
  /** What was wrong, in words that name the cure where there is one. */
  error: z.string(),
  attempts: z.number().int(),
  parked_at: z.string(),
  /** Where the message was published; a replay publishes it there again. */
  exchange: z.string(),
  routing_key: z.string(),
  /** AMQP properties as they came, without binary values. */
  properties: z.record(z.string(), z.unknown()),
  /** The message as text; base64 where it is not UTF-8. */
  body: z.string(),
  body_encoding: z.enum(['utf8', 'base64']),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** A poison message, parked alone. Open: a queue's delivery limit makes the broker itself put messages here. */
export const deadLetter = defineEvent<DeadLetter>({
  type: 'carillon.dead_letter.v1',
  exchange: 'dead',
  key: '#',
  lanes: false,
  open: true,
  summary: 'A message that no handler could work with, and why.',
  schema: deadLetterSchema,
  example: {
    stage: 'carillon.preferences.events',
    error: 'unknown type "invoice.isued": add it to the catalog, or mend the event',
    attempts: 1,
    parked_at: '2026-11-21T09:30:00.000Z',
    exchange: 'carillon.events',
    routing_key: 'invoice.isued',
    properties: { contentType: 'application/cloudevents+json' },
    body: '{"specversion":"1.0","id":"1","source":"/finance","type":"invoice.isued"}',
    body_encoding: 'utf8',
  },
});
