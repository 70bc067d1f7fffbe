import type { Receipt, ReceiptWord } from '@carillon/contracts';
import { z } from 'zod';
import type { DeliveryQuery } from '../queries.ts';
import type { Report } from '../receiving.ts';

/** https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
export const statusSchema = z.object({
  MessageSid: z.string().regex(/^(SM|MM)[0-9a-f]{32}$/i, 'must be the SID of a message'),
  MessageStatus: z.string().max(40),
  ErrorCode: z
    .string()
    .regex(/^\d{1,6}$/)
    .optional(),
});
export type TwilioStatus = z.infer<typeof statusSchema>;

/** The final word on the number itself: what else is sent there fails too. */
const numberIsGone: Record<string, string> = {
  '21211': 'the number is not valid',
  '21614': 'the number cannot receive SMS',
  '30005': 'the number does not exist',
  '30006': 'the number is a landline or cannot be reached by this network',
};
/** Refused for good, but not because of the number. */
const refused: Record<string, string> = {
  '21610': 'the person has opted out',
  '30004': 'the message is blocked',
  '30007': 'the network filters the message',
  '30034': 'the sender is not registered',
};
const forNow: Record<string, string> = {
  '30001': 'the queue is full',
  '30002': 'the account is suspended',
  '30003': 'the phone is off or out of reach',
  '30008': 'the network does not say why',
};

/** What a status says of its message; undefined for those before Twilio has handed it over, which say nothing new. */
export function receiptOf(
  { MessageSid, MessageStatus, ErrorCode }: TwilioStatus,
  { tenant, delivery, provider }: DeliveryQuery,
  now: string,
): Report | undefined {
  const says = wordOf(MessageStatus, ErrorCode);
  if (!says) return undefined;
  const failed = says === 'undelivered' || says === 'rejected';
  const receipt: Receipt = {
    provider: provider ?? 'twilio',
    tenant,
    delivery_id: delivery,
    provider_message_id: MessageSid,
    says,
    contact_fault: failed && ErrorCode && numberIsGone[ErrorCode] ? 'hard_bounce' : null,
    error: failed ? describe(MessageStatus, ErrorCode) : null,
    error_code: failed ? (ErrorCode ?? null) : null,
    at: now,
  };
  // Twilio gives its callbacks no id; of each status there is one.
  return { id: `twilio ${MessageSid} ${MessageStatus}`, receipt };
}

function wordOf(status: string, errorCode = ''): ReceiptWord | undefined {
  switch (status) {
    case 'sent':
      return 'accepted';
    case 'delivered':
    case 'read':
      return 'delivered';
    case 'undelivered':
    case 'failed':
      return numberIsGone[errorCode] || refused[errorCode] ? 'rejected' : 'undelivered';
    default:
      return undefined;
  }
}

function describe(status: string, code: string | undefined): string {
  if (code === undefined) return `Twilio: ${status}`;
  const meaning = numberIsGone[code] ?? refused[code] ?? forNow[code];
  return `Twilio: error ${code}${meaning ? `, ${meaning}` : ''}`;
}
