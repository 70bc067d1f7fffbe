import { randomUUID } from 'node:crypto';
import { foldLines } from 'nodemailer/lib/mime-funcs';
import MimeNode from 'nodemailer/lib/mime-node';
import type { Mail } from '../mail-options.ts';
import { quotedPrintable } from './quoted-printable.ts';

/** Knows how nodemailer writes the values of headers: addresses, words in other scripts. */
const headerWriter = new MimeNode();

/**
 * An email without files as it goes out (RFC 5322, RFC 2046): its headers as nodemailer writes them, its text and its HTML as
 * alternatives. Written at once, where nodemailer joins six streams for each email, which took a third of a sender's CPU
 * (docs/performance.md).
 *
 * @returns undefined for an email with files, which nodemailer composes
 */
export function composed(mail: Mail): Buffer | undefined {
  const { from, to, replyTo, subject, text, html, attachments, messageId, headers } = mail;
  if (attachments.length > 0) return undefined;
  // No encoded text contains "=_", so the boundary cannot occur in it (RFC 2045, 6.7); in plain ASCII nobody guesses it.
  const boundary = `=_${randomUUID()}`;
  return Buffer.from(
    [
      ...Object.entries(headers).map(([name, value]) =>
        typeof value === 'string' ? header(name, value) : `${name}: ${value.value}`,
      ),
      header('From', from),
      header('To', to),
      ...(replyTo === undefined ? [] : [header('Reply-To', replyTo)]),
      header('Subject', subject),
      `Message-ID: ${messageId}`,
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      'MIME-Version: 1.0',
      `Content-Type: multipart/alternative; boundary="${boundary}"`,
      '',
      `--${boundary}`,
      part('plain', text),
      `--${boundary}`,
      part('html', html),
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );
}

function header(name: string, value: unknown): string {
  return foldLines(`${name}: ${headerWriter.encodeHeaderValue(name, value as string)}`);
}

function part(kind: 'plain' | 'html', text: string): string {
  const { encoding, body } = encoded(text);
  return `Content-Type: text/${kind}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`;
}

/** What is no plain text: control characters other than tabs and line breaks, other scripts. */
const needsEncoding = /[^\t\n\r\x20-\x7e]|\r(?!\n)/;

/** Whether a line has more than 76 characters, which some servers would break. */
function hasLongLine(text: string): boolean {
  for (let from = 0; ;) {
    const end = text.indexOf('\n', from);
    if ((end === -1 ? text.length : end) - from > 76) return true;
    if (end === -1) return false;
    from = end + 1;
  }
}

function encoded(text: string): { encoding: '7bit' | 'quoted-printable' | 'base64'; body: string } {
  if (!hasLongLine(text) && !needsEncoding.test(text))
    return { encoding: '7bit', body: text.replaceAll(/\r?\n/g, '\r\n') };
  // Where most characters have several bytes each, base64 is shorter.
  if (Buffer.byteLength(text) <= text.length * 1.25) {
    return { encoding: 'quoted-printable', body: quotedPrintable(text) };
  }
  const base64 = Buffer.from(text.replaceAll(/\r?\n/g, '\r\n')).toString('base64');
  return { encoding: 'base64', body: base64.replaceAll(/.{76}(?=.)/g, '$&\r\n') };
}
