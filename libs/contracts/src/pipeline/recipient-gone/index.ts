import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { recipientIdSchema } from '../../words.ts';

/** The tenant is the event's own attribute. */
export const recipientGoneSchema = z.object({ recipient: recipientIdSchema });
export type RecipientGone = z.infer<typeof recipientGoneSchema>;

/** `recipient.erased` is heard by one replica of each service; this by all of the gateway, any of which may hold a socket. */
export const recipientGone = defineEvent<RecipientGone>({
  type: 'carillon.recipient.gone.v1',
  exchange: 'pipeline',
  key: 'recipient.gone',
  lanes: false,
  announcement: true,
  summary: 'A recipient was erased: whoever holds connections of theirs ends them.',
  schema: recipientGoneSchema,
  example: { recipient: 'parent-17' },
});
