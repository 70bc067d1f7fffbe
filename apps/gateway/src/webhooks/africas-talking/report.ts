import type { Receipt, ReceiptWord } from '@carillon/contracts';
import { z } from 'zod';
import type { DeliveryQuery } from '../queries.ts';
import type { Report } from '../receiving.ts';

/** https://developers.africastalking.com/docs/sms/notifications */
export const reportSchema = z.object({
  id: z.string().min(1).max(128),
  status: z.string().max(64),
  failureReason: z.string().max(64).optional(),
});

const words: Record<string, ReceiptWord> = {
  Sent: 'accepted',
  Submitted: 'accepted',
  Buffered: 'accepted',
  Success: 'delivered',
  Rejected: 'rejected',
  Failed: 'undelivered',
  AbsentSubscriber: 'undelivered',
  Expired: 'undelivered',
};

/** Why it failed for good, in our words; whether the number itself is the reason. */
const reasons: Record<string, { meaning: string; gone?: boolean }> = {
  UserDoesNotExist: { meaning: 'the number does not exist', gone: true },
  NotNetworkSubscriber: { meaning: 'the number belongs to no network that can be reached', gone: true },
  UserInBlacklist: { meaning: 'the person has opted out' },
  DoNotDisturbRejection: { meaning: 'the number is on a do-not-disturb list' },
  UserNotSubscribedToProduct: { meaning: 'the person is not subscribed to the product' },
};
const forNow: Record<string, string> = {
  UserIsInactive: 'the phone is off or out of reach',
  UserAccountSuspended: 'the number is suspended',
  InsufficientCredit: 'the person’s credit is used up',
  InvalidLinkId: 'the link id is not valid',
  DeliveryFailure: 'the network does not say why',
};

/** What a delivery report says of its message; undefined for a status that is not in the vendor's list. */
export function receiptOf(
  { id, status, failureReason = '' }: z.infer<typeof reportSchema>,
  { tenant, delivery, provider }: DeliveryQuery,
  now: string,
): Report | undefined {
  const word = words[status];
  if (!word) return undefined;
  const failed = word === 'undelivered' || word === 'rejected';
  const reason = failed ? reasons[failureReason] : undefined;
  // Only words of the vendor's own list are repeated: a free text may contain the number.
  const known = reason?.meaning ?? forNow[failureReason];
  const receipt: Receipt = {
    provider: provider ?? 'africastalking',
    tenant,
    delivery_id: delivery,
    provider_message_id: id,
    says: reason ? 'rejected' : word,
    contact_fault: reason?.gone ? 'hard_bounce' : null,
    error: failed ? `Africa’s Talking: ${known ? `${failureReason}, ${known}` : status}` : null,
    error_code: failed ? (known ? failureReason : status) : null,
    at: now,
  };
  return { id: `africastalking ${id} ${status}`, receipt };
}
