import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { exampleRecipientInput, recipientInputSchema } from '../../rpc/recipients/recipient.ts';
import { recipientIdSchema } from '../../words.ts';

/** What `PUT /v1/recipients/{id}` takes, with the id; without one the CloudEvents `subject` is the id. */
export const recipientUpsertedSchema = recipientInputSchema.extend({ id: recipientIdSchema.optional() });
export type RecipientUpserted = z.infer<typeof recipientUpsertedSchema>;

/** The types that mean it. */
export const recipientUpsertedTypes = ['recipient.upserted', 'recipient.created', 'recipient.updated'] as const;

/**
 * A domain service tells all that it knows of a person, as with `PUT /v1/recipients/{id}`. By the CloudEvents `time` an older
 * event never overwrites a newer one.
 */
export const recipientUpserted = defineEvent<RecipientUpserted>({
  type: 'recipient.upserted',
  exchange: 'events',
  key: 'recipient.upserted',
  lanes: false,
  summary: 'A person came or changed: replaces the recipient. recipient.created and recipient.updated mean the same.',
  schema: recipientUpsertedSchema,
  example: { id: 'parent-17', ...exampleRecipientInput },
});
