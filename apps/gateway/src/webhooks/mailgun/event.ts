import type { Receipt } from '@carillon/contracts';
import { tenantSchema, uuidSchema } from '@carillon/contracts';
import { z } from 'zod';
import type { Report } from '../receiving.ts';
import type { WebhookOwner } from '../webhook-keys.ts';

/** https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks: what we read of an event. */
export const eventSchema = z.object({
  id: z.string().min(1).max(256),
  event: z.string().max(64),
  timestamp: z.number().min(0).max(1e11),
  severity: z.enum(['temporary', 'permanent']).optional().catch(undefined),
  reason: z.string().max(64).optional().catch(undefined),
  'delivery-status': z
    .object({
      code: z.coerce.number().int().min(0).max(999).optional().catch(undefined),
      'enhanced-code': z.string().max(16).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  message: z
    .object({ headers: z.object({ 'message-id': z.string().min(1).max(500).optional() }).optional() })
    .optional(),
  // What was sent along with the message (`v:…`), if it was.
  'user-variables': z
    .object({ tenant: tenantSchema.optional().catch(undefined), delivery_id: uuidSchema.optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
type MailgunEvent = z.infer<typeof eventSchema>;

type Verdict = Pick<Receipt, 'says' | 'contact_fault'>;
const verdict = (says: Receipt['says'], contact_fault: Receipt['contact_fault'] = null): Verdict => ({
  says,
  contact_fault,
});

/** What an event says of its message; undefined for those that say nothing of its arrival (Mailgun goes on trying, opens, clicks). */
export function receiptOf(event: MailgunEvent, { tenant, provider }: WebhookOwner): Report | undefined {
  const found = verdictOf(event);
  if (!found) return undefined;
  const { 'user-variables': ours, message } = event;
  const messageId = message?.headers?.['message-id'];
  const failed = found.says === 'undelivered' || found.says === 'rejected';
  const code = codeOf(event);
  const receipt: Receipt = {
    provider: provider ?? 'mailgun',
    // Whoever has the key of one tenant says nothing of another's deliveries.
    tenant: tenant ?? ours?.tenant ?? null,
    delivery_id: ours?.delivery_id ?? null,
    // Mailgun names it without the brackets that it has in its answer to a send.
    provider_message_id: messageId === undefined ? null : `<${messageId.replaceAll(/^<|>$/g, '')}>`,
    ...found,
    error: failed ? ['Mailgun:', event.reason && words(event.reason), code].filter(Boolean).join(' ') : null,
    error_code: failed ? (code ?? null) : null,
    at: new Date(event.timestamp * 1000).toISOString(),
  };
  return { id: `mailgun ${event.id}`, receipt };
}

function verdictOf({ event, severity, reason }: MailgunEvent): Verdict | undefined {
  switch (event) {
    case 'accepted':
      return verdict('accepted');
    case 'delivered':
      return verdict('delivered');
    case 'complained':
      return verdict('complained', 'complaint');
    case 'rejected':
      return verdict('rejected');
    case 'failed':
      if (severity !== 'permanent') return undefined;
      if (reason === 'bounce' || reason === 'suppress-bounce') return verdict('rejected', 'hard_bounce');
      if (reason === 'suppress-complaint') return verdict('rejected', 'complaint');
      // It has tried long enough; the mailbox may be there.
      return verdict(reason === 'old' ? 'undelivered' : 'rejected');
    default:
      return undefined;
  }
}

/** Mailgun's reasons are words of a list; whatever else stands there is not repeated. */
const words = (reason: string): string | undefined => (/^[a-z-]{1,40}$/.test(reason) ? reason : undefined);

function codeOf({ 'delivery-status': status }: MailgunEvent): string | undefined {
  const enhanced = status?.['enhanced-code'];
  if (enhanced && /^[245]\.\d{1,3}\.\d{1,3}$/.test(enhanced)) return enhanced;
  return status?.code ? String(status.code) : undefined;
}
