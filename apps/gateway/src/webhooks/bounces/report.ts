import { createHash } from 'node:crypto';
import type { Receipt } from '@carillon/contracts';
import PostalMime, { type Attachment, type Email } from 'postal-mime';
import type { Report } from '../receiving.ts';

/** Fields of a part that is written like headers, by their names in small letters. */
type Fields = ReadonlyMap<string, string>;
type Verdict = Pick<Receipt, 'says' | 'contact_fault' | 'error_code'> & { readonly meaning: string };

/**
 * What a bounce (RFC 3464) or a complaint (RFC 5965) says of our message, which it quotes with its Message-ID. Empty for what is
 * neither: an answer of a person, a vacation notice, a delay after which the server goes on trying.
 * @param now when it came, for one without a date
 */
export async function reportsOf(raw: Uint8Array, now: string): Promise<Report[]> {
  const email = await PostalMime.parse(raw, { forceRfc822Attachments: true, attachmentEncoding: 'arraybuffer' });
  const messageId = originalMessageId(email);
  if (messageId === undefined) return [];
  return verdictsOf(email).map(({ meaning, ...verdict }) => {
    const failed = verdict.says === 'undelivered' || verdict.says === 'rejected';
    const receipt: Receipt = {
      provider: 'smtp',
      tenant: null,
      delivery_id: null,
      provider_message_id: messageId,
      ...verdict,
      error: failed ? ['SMTP', verdict.error_code, meaning].filter(Boolean).join(' ') : null,
      at: dateOf(email) ?? now,
    };
    return { id: identityOf(email, receipt), receipt };
  });
}

function verdictsOf(email: Email): Verdict[] {
  const feedback = partOf(email, 'message/feedback-report');
  if (feedback) {
    const [fields] = groupsOf(feedback);
    const isAbuse = fields?.get('feedback-type')?.toLowerCase() === 'abuse';
    return isAbuse ? [{ says: 'complained', contact_fault: 'complaint', error_code: null, meaning: '' }] : [];
  }
  const status = partOf(email, 'message/delivery-status');
  if (!status) return [];
  // The first group is about the message, the others about its recipients, of whom ours has one.
  return groupsOf(status)
    .slice(1)
    .flatMap((fields) => bounceOf(fields) ?? []);
}

function bounceOf(fields: Fields): Verdict | undefined {
  const code = /^[245]\.\d{1,3}\.\d{1,3}/.exec(fields.get('status') ?? '')?.[0] ?? null;
  const says = (word: Receipt['says'], meaning = '', contact_fault: Receipt['contact_fault'] = null): Verdict => ({
    says: word,
    contact_fault,
    error_code: code,
    meaning,
  });
  switch (fields.get('action')?.toLowerCase()) {
    case 'delivered':
      return says('delivered');
    case 'relayed':
    case 'expanded':
      return says('accepted');
    case 'failed': {
      if (!code?.startsWith('5.')) return says('undelivered', 'the server has given up');
      // Addressing (RFC 3463, section 3.2) but the sender's, and a mailbox that is switched off.
      if (/^5\.1\.(1|2|3|6|10)$|^5\.2\.1$/.test(code)) {
        return says('rejected', 'the mailbox does not exist', 'hard_bounce');
      }
      if (code === '5.2.2') return says('undelivered', 'the mailbox is full');
      return says('rejected', 'the recipient’s server refuses it');
    }
    default:
      return undefined;
  }
}

/** From the message that is quoted, whole or its headers only; from the report itself where a server quotes nothing. */
function originalMessageId(email: Email): string | undefined {
  const quoted = partOf(email, 'message/rfc822') ?? partOf(email, 'text/rfc822-headers');
  const id = quoted
    ? groupsOf(quoted)[0]?.get('message-id')
    : email.headers.find(({ key }) => key === 'in-reply-to')?.value;
  return /<[^<>\s]{1,500}>/.exec(id ?? '')?.[0];
}

function partOf(email: Email, type: string): Attachment | undefined {
  return email.attachments.find(({ mimeType }) => mimeType === type);
}

/** Groups of fields, separated by empty lines (RFC 5322, section 2.2; RFC 3464, section 2.1). */
function groupsOf({ content }: Attachment): Fields[] {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content as ArrayBuffer);
  // Headers are what is read; the rest of a quoted message may be long.
  const text = bytes.subarray(0, 200_000).toString('utf8').replaceAll('\r\n', '\n');
  return text.split(/\n{2,}/).map(
    (group) =>
      new Map(
        group
          .replaceAll(/\n[ \t]+/g, ' ')
          .split('\n')
          .flatMap((line) => {
            const colon = line.indexOf(':');
            return colon > 0 ? [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]] : [];
          }),
      ),
  );
}

function dateOf({ date }: Email): string | undefined {
  const at = Date.parse(date ?? '');
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** The same report has the same identity however often it is posted; it needs no Message-ID of its own. */
function identityOf({ messageId }: Email, { provider_message_id, says, error_code }: Receipt): string {
  const parts = [messageId ?? '', provider_message_id, says, error_code];
  return `bounce ${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
