import { randomUUID } from 'node:crypto';
import type { Callbacks } from '../callbacks.ts';
import type { Message } from '../messages/message.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { SimulatedAddress } from '../simulation/simulated-recipients.ts';
import type { Delays } from '../simulation/delays.ts';

/** What is posted to MAILBOX_BOUNCE_URL; the names are those of RFC 3464, section 2.3. */
export interface BounceReport {
  type: 'bounce';
  final_recipient: string;
  action: 'failed';
  /** Enhanced status code, RFC 3463 */
  status: string;
  diagnostic_code: string;
  /** MAIL FROM of the message that bounced */
  envelope_from: string;
  /** Message-ID of the message that bounced */
  original_message_id: string | null;
  /** RFC 3339, UTC */
  occurred_at: string;
}

export interface BounceOptions {
  store: MessageStore;
  delays: Delays;
  callbacks: Callbacks;
  /** How long after acceptance, in milliseconds */
  laterMs: number;
  /** Where to post a {@link BounceReport}, if anywhere */
  bounceUrl?: string;
}

/** Lets an accepted message bounce later: a notification to the envelope sender is stored, and the report is posted. */
export async function bounceLater(
  message: Message,
  bounce: NonNullable<SimulatedAddress['bounce']>,
  { store, delays, callbacks, laterMs, bounceUrl }: BounceOptions,
): Promise<void> {
  if (!(await delays.wait(laterMs))) return;
  const report: BounceReport = {
    type: 'bounce',
    final_recipient: message.to,
    action: 'failed',
    status: bounce.status,
    diagnostic_code: bounce.diagnostic,
    envelope_from: message.envelope_from ?? '',
    original_message_id: message.provider_message_id,
    occurred_at: new Date().toISOString(),
  };
  store.setStatus(message.id, 'bounced');
  // A bounce never answers a bounce: the null sender gets none (RFC 5321, section 6.1).
  if (report.envelope_from) storeNotification(report, message.subject, store);
  if (bounceUrl) await callbacks.postJson(bounceUrl, report);
}

/** The notification as a mail server would have written it. */
function storeNotification(report: BounceReport, subject: string | null, store: MessageStore): void {
  const messageId = `<${randomUUID()}@mailbox.localhost>`;
  const references: Record<string, string> = report.original_message_id
    ? { 'in-reply-to': report.original_message_id, references: report.original_message_id }
    : {};
  store.add({
    channel: 'email',
    provider: 'smtp',
    from: 'mailer-daemon@mailbox.localhost',
    from_name: 'Mail Delivery System',
    envelope_from: '',
    to: report.envelope_from,
    subject: 'Undelivered Mail Returned to Sender',
    text: [
      'This is the development mailbox. A message could not be delivered to its recipient.',
      `It was: ${subject ?? '(no subject)'}`,
      '',
      'Reporting-MTA: dns; mailbox.localhost',
      '',
      `Final-Recipient: rfc822; ${report.final_recipient}`,
      `Action: ${report.action}`,
      `Status: ${report.status}`,
      `Diagnostic-Code: ${report.diagnostic_code}`,
    ].join('\n'),
    headers: {
      from: 'Mail Delivery System <mailer-daemon@mailbox.localhost>',
      to: report.envelope_from,
      subject: 'Undelivered Mail Returned to Sender',
      date: new Date(report.occurred_at).toUTCString(),
      'message-id': messageId,
      ...references,
      'auto-submitted': 'auto-replied',
      'content-type': 'multipart/report; report-type=delivery-status',
    },
    provider_message_id: messageId,
  });
}
