import PostalMime, { type Address, type Header } from 'postal-mime';
import type { AttachmentSummary, Message } from '../messages/message.ts';

type ParsedEmail = Pick<
  Message,
  'from' | 'from_name' | 'subject' | 'text' | 'html' | 'headers' | 'attachments' | 'provider_message_id'
>;

/**
 * Reads a raw message (RFC 5322, MIME).
 * @throws Error when its nesting or its headers exceed postal-mime's limits
 */
export async function parseEmail(raw: Buffer): Promise<ParsedEmail> {
  const email = await PostalMime.parse(raw);
  const from = firstMailbox(email.from);
  return {
    from: from?.address ?? '',
    from_name: from?.name || null,
    subject: email.subject ?? null,
    text: email.text ?? null,
    html: email.html ?? null,
    headers: joinHeaders(email.headers),
    attachments: email.attachments.map((attachment): AttachmentSummary => ({
      filename: attachment.filename,
      content_type: attachment.mimeType,
      size: typeof attachment.content === 'string' ? attachment.content.length : attachment.content.byteLength,
    })),
    provider_message_id: email.messageId ?? null,
  };
}

function firstMailbox(address: Address | undefined): { name: string; address: string } | undefined {
  return address?.group ? address.group[0] : address;
}

/** One value per name. `Object.fromEntries` defines own properties, so a header named `__proto__` is just a header. */
function joinHeaders(headers: Header[]): Record<string, string> {
  const joined = new Map<string, string>();
  for (const { key, value } of headers) {
    const earlier = joined.get(key);
    joined.set(key, earlier === undefined ? value : `${earlier}\n${value}`);
  }
  return Object.fromEntries(joined);
}
