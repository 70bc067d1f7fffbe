import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { recipientIdSchema } from '../../words.ts';

/** Without an id the CloudEvents `subject` is the id. Whatever else a domain service tells of the person is not looked at. */
export const recipientDeletedSchema = z.object({ id: recipientIdSchema.optional() });
export type RecipientDeleted = z.infer<typeof recipientDeletedSchema>;

/** The types that mean it. */
export const recipientDeletedTypes = ['recipient.deleted', 'recipient.erased'] as const;

/** A domain service wants a person to be forgotten everywhere, as with `DELETE /v1/recipients/{id}`. */
export const recipientDeleted = defineEvent<RecipientDeleted>({
  type: 'recipient.deleted',
  exchange: 'events',
  key: 'recipient.deleted',
  lanes: false,
  summary: 'A person left: erases the recipient everywhere. recipient.erased means the same.',
  schema: recipientDeletedSchema,
  example: { id: 'parent-17' },
});
