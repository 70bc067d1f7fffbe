import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { recipientIdSchema } from '../../words.ts';

/** Without an id the CloudEvents `subject` is the id. Whatever else a domain service tells of the person is not looked at. */
export const recipientErasedSchema = z.object({ id: recipientIdSchema.optional() });
export type RecipientErased = z.infer<typeof recipientErasedSchema>;

/** The types that mean it. */
export const recipientErasedTypes = ['recipient.erased', 'recipient.deleted'] as const;

/** A person is to be forgotten everywhere, as with `DELETE /v1/recipients/{id}`. */
export const recipientErased = defineEvent<RecipientErased>({
  type: 'recipient.erased',
  exchange: 'events',
  key: 'recipient.erased',
  lanes: false,
  summary: 'A person left: erases the recipient everywhere. recipient.deleted means the same.',
  schema: recipientErasedSchema,
  example: { id: 'parent-17' },
});
