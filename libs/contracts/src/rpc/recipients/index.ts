import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { recipientIdSchema } from '../../words.ts';
import {
  contactChannelSchema,
  exampleRecipient,
  exampleRecipientInput,
  recipientInputSchema,
  recipientRowSchema,
  recipientSchema,
  type Recipient,
} from './recipient.ts';

export {
  contactChannelSchema,
  recipientInputSchema,
  recipientRowSchema,
  recipientSchema,
  type ContactChannel,
  type Recipient,
  type RecipientInput,
  type RecipientRow,
} from './recipient.ts';

const one = z.object({ tenant: z.string(), id: recipientIdSchema });
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
    request: { ...exampleOne, recipient: exampleRecipientInput },
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

/** Rows that one call of {@link putRecipients} takes. */
export const maxRecipientRows = 10_000;
/** Errors that it names; of the others only the number is told. */
export const maxRowErrors = 100;

/** The body of `POST /v1/recipients/bulk`. */
export const recipientRowsSchema = z.strictObject({
  recipients: z.array(recipientRowSchema).min(1).max(maxRecipientRows),
});

export const putRecipientsResultSchema = z.object({
  created: z.number().int(),
  updated: z.number().int(),
  /** Rows that say what is known already: nothing was written. */
  unchanged: z.number().int(),
  /** Rows that were left out because something is wrong with them; only with `partial`. */
  invalid: z.number().int(),
  /** What is wrong: the first hundred. `recipients[3].phone` is the phone of the fourth row. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })),
});
export type PutRecipientsResult = z.infer<typeof putRecipientsResultSchema>;

const putManyRequest = z.object({
  tenant: z.string(),
  /** {@link RecipientRow}s. They are checked row by row by whoever answers: at once they would hold everybody else up. */
  recipients: z.array(z.unknown()).min(1).max(maxRecipientRows, `at most ${maxRecipientRows} recipients at a time`),
  /** Save the good rows although there are bad ones. */
  partial: z.boolean(),
});

/** Creates or replaces many. Errors: 422 `invalid_recipients` naming rows and fields; then nothing was saved. */
export const putRecipients = defineRpc<z.infer<typeof putManyRequest>, PutRecipientsResult>({
  name: 'preferences.recipients.put_many.v1',
  service: 'preferences',
  summary: 'Creates or replaces up to 10,000 recipients.',
  request: putManyRequest,
  response: putRecipientsResultSchema,
  example: {
    request: { tenant: 'default', recipients: [{ id: 'parent-17', ...exampleRecipientInput }], partial: false },
    response: { created: 1, updated: 0, unchanged: 0, invalid: 0, errors: [] },
  },
});

/** What a list of recipients can be narrowed to; all that is given must hold. */
export const recipientFilterSchema = z.strictObject({
  /** Part of an id, a name or an address, in any case. */
  q: z.string().trim().min(1).max(200).optional(),
  role: z.string().min(1).max(64).optional(),
  tag: z.string().min(1).max(64).optional(),
  /** Has a contact on it. */
  channel: contactChannelSchema.optional(),
});
export type RecipientFilter = z.infer<typeof recipientFilterSchema>;

const listRequest = z.object({
  tenant: z.string(),
  filter: recipientFilterSchema,
  limit: z.number().int().min(1).max(100),
  /** The id after which to go on (exclusive). */
  after: z.string().nullable(),
});

/** In the order of their ids. */
export const listRecipients = defineRpc<z.infer<typeof listRequest>, { data: Recipient[]; next: string | null }>({
  name: 'preferences.recipients.list.v1',
  service: 'preferences',
  summary: 'A page of the recipients that match a filter, by id.',
  request: listRequest,
  response: z.object({ data: z.array(recipientSchema), next: z.string().nullable() }),
  example: {
    request: { tenant: 'default', filter: { role: 'parent' }, limit: 20, after: null },
    response: { data: [exampleRecipient], next: null },
  },
});
