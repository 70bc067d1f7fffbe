import { z } from 'zod';
import { defineEvent, type EventContract } from '../../define.ts';
import type { SentChannel } from '../../rpc/deliveries/index.ts';
import { timestampSchema, uuidSchema } from '../../words.ts';

/** What a provider can say later about a message that it took. */
export const receiptWords = [
  /** It has the message; settles a delivery of which that was not known. */
  'accepted',
  /** The message arrived. */
  'delivered',
  /** It did not arrive and the provider stopped trying; another attempt may succeed. */
  'undelivered',
  /** The recipient’s side refuses it for good. */
  'rejected',
  /** It arrived, and the person calls it spam. */
  'complained',
] as const;
export type ReceiptWord = (typeof receiptWords)[number];

/** Why the address itself is not to be written to any more. */
export const contactFaults = ['hard_bounce', 'complaint'] as const;

export const receiptSchema = z.object({
  /** Which provider says it, by the name that its attempts have. */
  provider: z.string().max(128),
  /** Whose delivery it is; null where the provider’s id alone says so. */
  tenant: z.string().nullable(),
  /** The delivery, where the provider carries it along; otherwise it is found by the provider’s id. */
  delivery_id: uuidSchema.nullable(),
  /** What the provider calls the message. */
  provider_message_id: z.string().max(512).nullable(),
  says: z.enum(receiptWords),
  /** Set when nothing should be sent to the address any more. */
  contact_fault: z.enum(contactFaults).nullable(),
  /** Why it did not arrive; never contains the message or the address. */
  error: z.string().max(1000).nullable(),
  /** The provider’s own code for it. */
  error_code: z.string().max(64).nullable(),
  /** When it happened, as the provider says. */
  at: timestampSchema,
});
export type Receipt = z.infer<typeof receiptSchema>;

const example: Receipt = {
  provider: 'mailgun',
  tenant: 'default',
  delivery_id: '019aa5e5-8f00-8c00-8000-000000000003',
  provider_message_id: '<019aa5e5-8f00-8c00-8000-000000000003@mail.example.org>',
  says: 'rejected',
  contact_fault: 'hard_bounce',
  error: 'Mailgun: 550, the mailbox does not exist',
  error_code: '550',
  at: '2026-11-21T09:31:00.000Z',
};

function receiptOf(channel: SentChannel): EventContract<Receipt> {
  return defineEvent<Receipt>({
    type: `carillon.receipt.${channel}.v1`,
    exchange: 'pipeline',
    key: `receipt.${channel}`,
    lanes: false,
    summary: `A provider reports later what became of a message (${channel}). Its id is the identity of the provider’s own event.`,
    schema: receiptSchema,
    example,
  });
}

/** What providers report later, by channel; published once the report is known to be genuine. */
export const receipts = { email: receiptOf('email'), sms: receiptOf('sms') } as const;
