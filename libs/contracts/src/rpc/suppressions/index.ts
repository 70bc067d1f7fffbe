import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { refuseUnstorable } from '../../validate.ts';
import { contactChannelSchema } from '../recipients/recipient.ts';

export const suppressionReasons = ['hard_bounce', 'complaint', 'unsubscribed', 'manual'] as const;
/** Why nothing is sent to an address any more. */
export type SuppressionReason = (typeof suppressionReasons)[number];

/** An address of a tenant that nothing is sent to, whoever has it as a contact. */
export const suppressionSchema = z.object({
  channel: contactChannelSchema,
  address: z.string(),
  reason: z.enum(suppressionReasons),
  note: z.string().nullable(),
  created_at: z.string(),
  /** The name of the API key that asked for it, or of the service that saw the bounce. */
  created_by: z.string(),
});
export type Suppression = z.infer<typeof suppressionSchema>;

const exampleSuppression: Suppression = {
  channel: 'email',
  address: 'gone@example.org',
  reason: 'hard_bounce',
  note: null,
  created_at: '2026-11-21T09:30:00.000Z',
  created_by: 'email-sender',
};

export const suppressionFilterSchema = z.strictObject({
  channel: contactChannelSchema.optional(),
  /** Part of an address, in any case. */
  q: z.string().trim().min(1).max(200).optional(),
});
export type SuppressionFilter = z.infer<typeof suppressionFilterSchema>;

const listRequest = z.object({
  tenant: z.string(),
  filter: suppressionFilterSchema,
  limit: z.number().int().min(1).max(100),
  /** After which to go on (exclusive). */
  after: z.string().nullable(),
});

/** By channel and address. */
export const listSuppressions = defineRpc<z.infer<typeof listRequest>, { data: Suppression[]; next: string | null }>({
  name: 'preferences.suppressions.list.v1',
  service: 'preferences',
  summary: 'A page of the suppressed addresses that match a filter, by channel and address.',
  request: listRequest,
  response: z.object({ data: z.array(suppressionSchema), next: z.string().nullable() }),
  example: {
    request: { tenant: 'default', filter: { channel: 'email' }, limit: 20, after: null },
    response: { data: [exampleSuppression], next: null },
  },
});

/** The body of `POST /v1/admin/suppressions`. */
export const suppressionInputSchema = z.strictObject({
  channel: contactChannelSchema,
  address: z.string().min(1).max(2048),
  reason: z.enum(suppressionReasons).default('manual'),
  note: z.string().max(1000).superRefine(refuseUnstorable).nullish(),
});
export type SuppressionInput = z.infer<typeof suppressionInputSchema>;

const addRequest = z.object({
  tenant: z.string(),
  suppression: suppressionInputSchema,
  created_by: z.string(),
});

/**
 * From now on nothing is sent to the address. One that is suppressed already gets the new reason and note.
 * Errors: 422 `invalid_suppression` for what is no address.
 */
export const addSuppression = defineRpc<z.infer<typeof addRequest>, { created: boolean; suppression: Suppression }>({
  name: 'preferences.suppressions.add.v1',
  service: 'preferences',
  summary: 'Suppresses an address.',
  request: addRequest,
  response: z.object({ created: z.boolean(), suppression: suppressionSchema }),
  example: {
    request: {
      tenant: 'default',
      suppression: { channel: 'email', address: 'gone@example.org', reason: 'hard_bounce' },
      created_by: 'support desk',
    },
    response: { created: true, suppression: exampleSuppression },
  },
});

const removeRequest = z.object({ tenant: z.string(), channel: contactChannelSchema, address: z.string() });

/** The address may be sent to again. Errors: 404. */
export const removeSuppression = defineRpc<z.infer<typeof removeRequest>, Suppression>({
  name: 'preferences.suppressions.remove.v1',
  service: 'preferences',
  summary: 'Lifts the suppression of an address.',
  request: removeRequest,
  response: suppressionSchema,
  example: {
    request: { tenant: 'default', channel: 'email', address: 'gone@example.org' },
    response: exampleSuppression,
  },
});
