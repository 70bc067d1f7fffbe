import { z } from 'zod';

const nameSchema = z.string().min(1).max(64);

/**
 * Recipients by what they are instead of by their ids: everyone of the tenant, everyone with a role, everyone with a tag.
 * Who belongs to it is looked up when the event is taken, not when it is published.
 */
export const audienceSchema = z.union(
  [z.strictObject({ all: z.literal(true) }), z.strictObject({ role: nameSchema }), z.strictObject({ tag: nameSchema })],
  { error: 'must be {"all": true}, {"role": "…"} or {"tag": "…"}' },
);
export type Audience = z.infer<typeof audienceSchema>;
