import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { contactChannelSchema } from '../../rpc/recipients/recipient.ts';
import { suppressionReasons } from '../../rpc/suppressions/index.ts';
import { timestampSchema } from '../../words.ts';

export const suppressionAskedSchema = z.object({
  channel: contactChannelSchema,
  address: z.string().min(1).max(2048),
  /** False: it may be written to again, if it was the person who had asked not to be. */
  suppress: z.boolean(),
  reason: z.enum(suppressionReasons),
  /** What was said, in the provider’s codes or the person’s one word. */
  note: z.string().max(1000).nullable(),
  /** The service or provider that heard it. */
  by: z.string().max(200),
  at: timestampSchema,
});
export type SuppressionAsked = z.infer<typeof suppressionAskedSchema>;

/** A bounce, a complaint, or the person: the address is not to be written to any more, or may be again. */
export const suppressionAsked = defineEvent<SuppressionAsked>({
  type: 'carillon.suppression.asked.v1',
  exchange: 'pipeline',
  key: 'suppression.asked',
  lanes: false,
  summary:
    'An address bounced, complained or opted out: nothing is to be sent there any more. Or its person opted in again.',
  schema: suppressionAskedSchema,
  example: {
    channel: 'email',
    address: 'gone@example.org',
    suppress: true,
    reason: 'hard_bounce',
    note: 'Mailgun: 550, the mailbox does not exist',
    by: 'mailgun',
    at: '2026-11-21T09:31:00.000Z',
  },
});
