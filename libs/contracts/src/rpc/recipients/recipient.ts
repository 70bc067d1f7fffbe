import { z } from 'zod';
import { availableChannels, channels, jsonObjectSchema, recipientIdSchema } from '../../words.ts';

/** The channels that need an address; the inbox is reached by the recipient's id. */
export const contactChannelSchema = z.enum(availableChannels).exclude(['in_app']);
export type ContactChannel = z.infer<typeof contactChannelSchema>;

/** One line of text. Control characters and lone surrogates are no text: a database cannot store all of them. */
const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or broken characters');

const contactInputSchema = z.strictObject({
  channel: contactChannelSchema,
  address: z.string().min(1).max(2048),
  label: line(80).nullish(),
  verified: z.boolean().optional(),
  primary: z.boolean().optional(),
});

/** The body of `PUT /v1/recipients/{id}`; `email` and `phone` are short for a primary contact. */
export const recipientInputSchema = z.strictObject({
  name: line(200).nullish(),
  email: z.email({ error: 'must be an email address such as amina@example.org' }).max(254).nullish(),
  phone: z.string().max(32).nullish(),
  contacts: z.array(contactInputSchema).max(20, 'at most 20 contacts').optional(),
  /** ISO 3166-1 alpha-2, such as KE: where phone numbers without a country code belong. Not stored. */
  country: z.string().max(8).nullish(),
  locale: z.string().max(35).optional(),
  time_zone: z.string().max(64).optional(),
  roles: z.array(line(64)).max(50).optional(),
  tags: z.array(line(64)).max(200).optional(),
  attributes: jsonObjectSchema.optional(),
});
export type RecipientInput = z.infer<typeof recipientInputSchema>;

/** A recipient with its id: one row of `POST /v1/recipients/bulk`. */
export const recipientRowSchema = recipientInputSchema.extend({ id: recipientIdSchema });
export type RecipientRow = z.infer<typeof recipientRowSchema>;

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
      /** Why nothing is sent there, such as `hard_bounce`; null when it is. */
      suppressed: z.string().nullable(),
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

export const exampleRecipient: Recipient = {
  id: 'parent-17',
  name: 'Amina Otieno',
  email: 'amina@example.org',
  phone: '+254711000111',
  contacts: [
    {
      channel: 'email',
      address: 'amina@example.org',
      label: null,
      verified: false,
      primary: true,
      suppressed: null,
    },
    { channel: 'sms', address: '+254711000111', label: null, verified: false, primary: true, suppressed: null },
  ],
  locale: 'en',
  time_zone: 'Africa/Nairobi',
  roles: ['parent'],
  tags: [],
  attributes: {},
  created_at: '2026-11-21T09:00:00.000Z',
  updated_at: '2026-11-21T09:00:00.000Z',
};
export const exampleRecipientInput: RecipientInput = {
  name: 'Amina Otieno',
  email: 'amina@example.org',
  phone: '+254711000111',
  time_zone: 'Africa/Nairobi',
  roles: ['parent'],
};
