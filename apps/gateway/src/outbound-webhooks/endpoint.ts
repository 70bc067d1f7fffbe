import { refuseUnstorable } from '@carillon/contracts';
import { z } from 'zod';
import { factGroups, factKinds } from './facts.ts';

const time = z.iso.datetime();
const wishable = [...factKinds, ...factGroups] as [string, ...string[]];

const fields = {
  url: z
    .string()
    .min(1)
    .max(2_000)
    .regex(/^[\x21-\x7e]+$/, 'must be ASCII without spaces; percent-encode what is not')
    .describe('Where facts are posted to: https, at a public address. Redirects are not followed.'),
  description: z.string().trim().max(500).superRefine(refuseUnstorable),
  events: z
    .array(z.enum(wishable, { error: `must be among ${wishable.join(', ')}` }))
    .max(wishable.length)
    .describe('The kinds of facts that are told; none named: all, also kinds that come later.'),
};

export const endpointInputSchema = z.strictObject({
  url: fields.url,
  description: fields.description.default(''),
  events: fields.events.default([]),
});
export type EndpointInput = z.infer<typeof endpointInputSchema>;

export const endpointPatchSchema = z.strictObject({
  url: fields.url.optional(),
  description: fields.description.optional(),
  events: fields.events.optional(),
});
export type EndpointPatch = z.infer<typeof endpointPatchSchema>;

export const endpointSchema = z.object({
  id: z.uuid(),
  url: z.string(),
  description: z.string(),
  events: z.array(z.string()),
  state: z.enum(['active', 'disabled']),
  failing_since: time.nullable().describe('No attempt has succeeded since; null: the last one did.'),
  disabled_at: time.nullable(),
  disabled_reason: z.string().nullable(),
  created_at: time,
  created_by: z.string(),
  updated_at: time,
});
export type Endpoint = z.infer<typeof endpointSchema>;

export const newEndpointSchema = endpointSchema.extend({
  secret: z.string().describe('Signs what is sent there. It is shown this once.'),
});
export type NewEndpoint = z.infer<typeof newEndpointSchema>;

const hour = 3_600;
export const rotationSchema = z.strictObject({
  overlap_seconds: z
    .number()
    .int()
    .min(0)
    .max(7 * 24 * hour)
    .default(24 * hour)
    .describe('How long the former secret signs as well.'),
});

export const messageStates = ['pending', 'delivered', 'failed'] as const;

export const messageSchema = z.object({
  id: z.uuid().describe('Sent as `webhook-id`, the same at every attempt.'),
  event: z.string(),
  state: z.enum(messageStates),
  attempts: z.number().int(),
  next_attempt_at: time.nullable(),
  last_status: z.number().int().nullable(),
  last_error: z.string().nullable(),
  created_at: time.describe('When it happened.'),
  settled_at: time.nullable(),
});
export type Message = z.infer<typeof messageSchema>;

export const messageDetailSchema = messageSchema.extend({
  body: z.string(),
  log: z.array(
    z.object({
      number: z.number().int(),
      at: time,
      duration_ms: z.number().int(),
      status: z.number().int().nullable(),
      error: z.string().nullable(),
      response: z.string().nullable().describe('The beginning of the answer.'),
    }),
  ),
});
export type MessageDetail = z.infer<typeof messageDetailSchema>;

/** What somebody’s server was told about a person. */
export const toldSchema = z.object({
  id: z.uuid(),
  endpoint: z.uuid(),
  event: z.string(),
  body: z.string(),
  state: z.enum(messageStates),
  created_at: time,
});
export type Told = z.infer<typeof toldSchema>;
