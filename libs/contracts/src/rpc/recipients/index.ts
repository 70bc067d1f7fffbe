import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { availableChannels, channels, jsonObjectSchema, recipientIdSchema } from '../../words.ts';

const contactInputSchema = z.strictObject({
  channel: z.enum(availableChannels).exclude(['in_app']),
  address: z.string().min(1).max(2048),
  label: z.string().max(80).optional(),
  verified: z.boolean().optional(),
  primary: z.boolean().optional(),
});

/** The body of `PUT /v1/recipients/{id}`; `email` and `phone` are short for a primary contact. */
export const recipientInputSchema = z.strictObject({
  name: z.string().trim().min(1).max(200).nullish(),
  email: z.email({ error: 'must be an email address such as amina@example.org' }).max(254).nullish(),
  phone: z.string().max(32).nullish(),
  contacts: z.array(contactInputSchema).max(20, 'at most 20 contacts').optional(),
  locale: z.string().max(35).optional(),
  time_zone: z.string().max(64).optional(),
  roles: z.array(z.string().min(1).max(64)).max(50).optional(),
  tags: z.array(z.string().min(1).max(64)).max(200).optional(),
  attributes: jsonObjectSchema.optional(),
});
export type RecipientInput = z.infer<typeof recipientInputSchema>;

export const recipientSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  contacts: z.array(
    z.object({
      channel: z.enum(channels),
      address: z.string(),
      label: z.string().nullable(),
      verified: z.boolean(),
      primary: z.boolean(),
    }),
  ),
  locale: z.string(),
  time_zone: z.string(),
  roles: z.array(z.string()),
  tags: z.array(z.string()),
  attributes: jsonObjectSchema,
  created_at: z.string(),
  updated_at: z.string(),
});
export type Recipient = z.infer<typeof recipientSchema>;

const one = z.object({ tenant: z.string(), id: recipientIdSchema });
const exampleRecipient: Recipient = {
  id: 'parent-17',
  name: 'Amina Otieno',
  email: 'amina@example.org',
  phone: '+254711000111',
  contacts: [
    { channel: 'email', address: 'amina@example.org', label: null, verified: false, primary: true },
    { channel: 'sms', address: '+254711000111', label: null, verified: false, primary: true },
  ],
  locale: 'en',
  time_zone: 'Africa/Nairobi',
  roles: ['parent'],
  tags: [],
  attributes: {},
  created_at: '2026-11-21T09:00:00.000Z',
  updated_at: '2026-11-21T09:00:00.000Z',
};
const exampleOne = { tenant: 'default', id: 'parent-17' };

const putRequest = one.extend({ recipient: recipientInputSchema });

/** Creates or replaces a recipient. Errors: 422 `invalid_recipient` for an address, locale or zone that does not exist. */
export const putRecipient = defineRpc<z.infer<typeof putRequest>, { created: boolean; recipient: Recipient }>({
  name: 'preferences.recipients.put.v1',
  service: 'preferences',
  summary: 'Creates or replaces a recipient.',
  request: putRequest,
  response: z.object({ created: z.boolean(), recipient: recipientSchema }),
  example: {
    request: { ...exampleOne, recipient: { name: 'Amina Otieno', email: 'amina@example.org', phone: '+254711000111' } },
    response: { created: true, recipient: exampleRecipient },
  },
});

/** Errors: 404. */
export const getRecipient = defineRpc<z.infer<typeof one>, Recipient>({
  name: 'preferences.recipients.get.v1',
  service: 'preferences',
  summary: 'One recipient with contacts.',
  request: one,
  response: recipientSchema,
  example: { request: exampleOne, response: exampleRecipient },
});
