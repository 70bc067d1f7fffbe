import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { recipientIdSchema, timestampSchema } from '../../words.ts';

export const recipientErasedSchema = z.object({
  recipient: recipientIdSchema,
  /**
   * Whatever is about the recipient from then or before is to be deleted and refused; what is later is about somebody who was
   * created anew under the same id.
   */
  erased_at: timestampSchema,
});
export type RecipientErased = z.infer<typeof recipientErasedSchema>;

/** Told to every service that keeps something about recipients; each has a queue of its own. */
export const recipientErased = defineEvent<RecipientErased>({
  type: 'carillon.recipient.erased.v1',
  exchange: 'pipeline',
  key: 'recipient.erased',
  lanes: false,
  heardFirst: true,
  summary: 'A recipient was erased: everybody forgets them.',
  schema: recipientErasedSchema,
  example: { recipient: 'parent-17', erased_at: '2026-11-21T10:00:00.000Z' },
});
