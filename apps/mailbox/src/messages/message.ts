/** What the mailbox keeps of everything that was sent to it. */

export const CHANNELS = ['email', 'sms'] as const;
export type Channel = (typeof CHANNELS)[number];

/** The protocol a message came in by: `smtp`, or the API of one of the SMS providers the mailbox stands in for. */
export type Provider = 'smtp' | 'africastalking' | 'twilio' | 'custom';

/** `accepted` until a receipt says more: SMS end `delivered` or `undelivered`, simulated email bounces `bounced`. */
export type MessageStatus = 'accepted' | 'delivered' | 'undelivered' | 'bounced';

/** Attachments are described, not kept. */
export interface AttachmentSummary {
  filename: string | null;
  content_type: string;
  /** Bytes, decoded */
  size: number;
}

/** One message to one recipient; an email to three envelope recipients is three of these. */
export interface Message {
  id: string;
  channel: Channel;
  provider: Provider;
  /** The envelope recipient's address, or the phone number in E.164 */
  to: string;
  /** The address of the From header, or the sender's number or name; empty when none was given */
  from: string;
  /** Display name of the From header; null for SMS */
  from_name: string | null;
  /** MAIL FROM, where bounces go; empty for the null sender. Null for SMS */
  envelope_from: string | null;
  subject: string | null;
  text: string | null;
  html: string | null;
  /**
   * Email: every header, names in lower case, a repeated header's values joined by line breaks.
   * SMS: the provider's further request fields, such as `bulkSMSMode` or `StatusCallback`; never credentials.
   */
  headers: Record<string, string>;
  attachments: AttachmentSummary[];
  /** RFC 3339, UTC */
  received_at: string;
  status: MessageStatus;
  /** The id that the sender was given: `messageId`, `sid`, `id`; the Message-ID header for email. */
  provider_message_id: string | null;
  /** Name of the simulated recipient that was addressed, else null */
  simulated: string | null;
}

/** What is needed to keep a message; the store adds the rest. */
export type NewMessage = Pick<Message, 'channel' | 'provider' | 'to' | 'from'> &
  Partial<Omit<Message, 'id' | 'received_at'>>;

/** A try that was turned down: shows that retries happen. */
export interface Refusal {
  id: string;
  channel: Channel;
  provider: Provider;
  to: string;
  /** What the sender was told, in the provider's own form, in short: `451 …`, `HTTP 503, code 20503` */
  answer: string;
  /** Name of the simulated recipient that was addressed */
  simulated: string;
  /** RFC 3339, UTC */
  refused_at: string;
}
