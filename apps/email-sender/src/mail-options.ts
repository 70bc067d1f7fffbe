import type { Message } from '@carillon/delivery';
import type { SendMailOptions } from 'nodemailer';
import type { EmailContent } from './email-content.ts';
import { withTracking } from './engagement/links.ts';
import type { MailFrom } from './smtp/mail-from.ts';

/** An email as it goes out, whichever provider carries it. */
export interface Mail extends SendMailOptions {
  /** Made of the delivery's id, so that a repeated send is the same message to whoever receives it. */
  readonly messageId: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: { readonly name: string; readonly address: string };
  readonly replyTo?: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: NonNullable<SendMailOptions['attachments']>;
  readonly headers: Record<string, string | { prepared: boolean; value: string }>;
}

/** Puts an email together as nodemailer takes it. */
export function mailOf({ deliveryId, to, content }: Message<EmailContent>, from: MailFrom): Mail {
  const { subject, text, html, reply_to, attachments = [], unsubscribe_url, tracked_by } = content;
  return {
    from: { name: from.name, address: from.address },
    to: { name: to.name ?? '', address: to.address },
    ...(reply_to !== undefined && { replyTo: reply_to }),
    subject,
    text,
    html: tracked_by ? withTracking(html, tracked_by, unsubscribe_url) : html,
    attachments: attachments.map(({ filename, content_type, content: base64 }) => ({
      filename,
      contentType: content_type,
      content: base64,
      encoding: 'base64',
    })),
    messageId: `<${deliveryId}@${from.domain}>`,
    headers: {
      // RFC 3834: keeps vacation responders from answering.
      'Auto-Submitted': 'auto-generated',
      // RFC 8058: mail programs show a button of their own, which posts there.
      ...(unsubscribe_url !== undefined && {
        'List-Unsubscribe': whole(`<${unsubscribe_url}>`),
        'List-Unsubscribe-Post': whole('List-Unsubscribe=One-Click'),
      }),
    },
    xMailer: false,
  };
}

/** A header that is not folded: a space within a URL would end it. */
function whole(value: string): { prepared: boolean; value: string } {
  return { prepared: true, value };
}
