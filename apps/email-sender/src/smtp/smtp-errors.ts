/** What an SMTP server's answer, or its silence, means for a delivery (RFC 5321, RFC 3463). */
import type { NotAccepted } from '@carillon/delivery';
import type { NodemailerError } from 'nodemailer';

/**
 * Enhanced status codes (RFC 3463, IANA registry) in plain words, without their class: `1.1` is both 4.1.1 and 5.1.1. The
 * server's own words are never used, because they often repeat the address.
 */
const meanings: Record<string, string> = {
  '1.1': 'no such mailbox',
  '1.2': 'no such domain',
  '1.3': 'the address is not valid',
  '1.8': 'the sender’s domain is not accepted',
  '1.10': 'the domain takes no mail',
  '2.1': 'the mailbox is disabled',
  '2.2': 'the mailbox is full',
  '2.3': 'the message is too large for the mailbox',
  '3.2': 'the server takes no mail at the moment',
  '3.4': 'the message is too large for the server',
  '4.2': 'the connection was dropped',
  '5.3': 'too many recipients',
  '7.0': 'refused by the server’s policy',
  '7.1': 'refused by the server’s policy',
  '7.8': 'the credentials are not accepted',
  '7.26': 'the sender’s SPF or DKIM is not accepted',
};

/** Words by which servers say that they are asked too often; a plain 421 or 450 may mean anything. */
const throttlingWords =
  /\b(rate.?limit|throttl|too (many|much) (messages|mails?|connections|requests|recipients)|slow down|sending (rate|quota|limit)|(rate|quota) (limit )?exceeded)/i;

/** Codes of nodemailer that mean "we are not let in", which only our own configuration can mend. */
const ourFault = new Set(['EAUTH', 'ENOAUTH', 'EOAUTH2', 'ETLS', 'ECONFIG', 'EREQUIRETLS', 'EFORBIDDEN']);

/**
 * Classifies nodemailer's error.
 * @param handedOver whether the server had been given (part of) the message before it fell silent; without an answer it may
 *   then have taken it. A negative answer, on the other hand, is certain (RFC 5321, section 6.1).
 */
export function classify(error: NodemailerError, handedOver: boolean): NotAccepted {
  return { ...meaningOf(error, handedOver), code: codeOf(error) };
}

function meaningOf(error: NodemailerError, handedOver: boolean): NotAccepted {
  const reply = error.responseCode;
  const text = describe(error);
  if (reply === undefined || reply < 400) {
    if (handedOver) return { kind: 'uncertain', error: `${text}, after the message had been handed over` };
    if (error.code === 'EENVELOPE') return { kind: 'permanent', error: 'the address is not valid for SMTP' };
    if (error.code === 'EMESSAGE') return { kind: 'permanent', error: 'the message is larger than the server allows' };
    return { kind: 'retryable', error: text, technical: ourFault.has(error.code ?? '') };
  }
  if (ourFault.has(error.code ?? '')) return { kind: 'retryable', error: text, technical: true };
  if (reply < 500 && (throttlingWords.test(error.response ?? '') || enhancedCode(error)?.endsWith('.7.28'))) {
    return { kind: 'throttled', error: describe(error, 'the server asks for fewer messages') };
  }
  // A full mailbox or greylisting: another provider would be told the same. 421 closes the connection, whoever it is for.
  if (reply < 500 && reply !== 421 && error.command === 'RCPT TO') {
    return { kind: 'retryable', error: text, recipient: true };
  }
  // 503 says that the session was in the wrong state; the same message can go through on another connection. A refusal
  // before the envelope (greeting, HELO) speaks of the connection, not of the message.
  const ofTheMessage = error.code === 'EENVELOPE' || error.code === 'EMESSAGE';
  if (reply < 500 || reply === 503 || !ofTheMessage) return { kind: 'retryable', error: text };
  return { kind: 'permanent', error: text, technical: error.command === 'MAIL FROM' };
}

function enhancedCode({ response }: NodemailerError): string | undefined {
  return /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];
}

/** The most telling code that there is: `5.1.1`, `550`, `ECONNREFUSED`. */
function codeOf(error: NodemailerError): string {
  if (error.responseCode === undefined || error.responseCode < 400)
    return error.timeoutType ?? error.originalCode ?? error.code ?? error.name;
  return enhancedCode(error) ?? String(error.responseCode);
}

/** Codes and our own words only: `SMTP 550 5.1.1 (RCPT TO): no such mailbox`. */
function describe(error: NodemailerError, known?: string): string {
  if (error.responseCode === undefined || error.responseCode < 400) {
    return `SMTP connection lost or refused (${codeOf(error)})`;
  }
  const enhanced = enhancedCode(error);
  const meaning = known ?? (enhanced && meanings[enhanced.slice(2)]);
  const where = error.command && error.command !== 'CONN' ? ` (${error.command})` : '';
  return ['SMTP', error.responseCode, enhanced].filter(Boolean).join(' ') + where + (meaning ? `: ${meaning}` : '');
}
