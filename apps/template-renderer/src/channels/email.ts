import type { EmailRendered } from '@carillon/contracts';
import { z } from 'zod';
import { compileEmail } from '../compile/compile-email.ts';
import { compileHtmlEmail } from '../compile/compile-html-email.ts';
import { RenderFailure } from '../rendering/render-failure.ts';
import { oneLine, tidyText } from '../rendering/words.ts';
import type { EmailSource } from '../templates/template-source.ts';
import { attachmentsOf, attachmentsPart, dataOfAttachments } from './attachments.ts';
import type { ChannelWords, Filling } from './channel-words.ts';

/** What an email says. */
export type EmailWords = Pick<EmailRendered, 'subject' | 'html' | 'text' | 'reply_to' | 'attachments'>;

export const email: ChannelWords<EmailSource, EmailWords> = {
  texts({ subject, preheader, body, html, text, reply_to }) {
    const texts = Object.entries({ subject, preheader, body, html, text, reply_to });
    return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
  },
  data: ({ attachments }) => dataOfAttachments(attachments),
  kindOf: (name) => (name === 'body' || name === 'html' ? 'html' : 'text'),
  async compile(source, locale, layout) {
    const { body, html, reply_to, attachments = [] } = source;
    return {
      ...(html === undefined
        ? await compileEmail({ ...source, body: body! }, locale, layout)
        : await compileHtmlEmail({ ...source, html })),
      ...(reply_to !== undefined && { reply_to }),
      ...(attachments.length > 0 && { attachments: attachmentsPart(attachments) }),
    };
  },
  words(parts, filling) {
    const replyTo = replyToOf(parts.reply_to, filling);
    const attachments = parts.attachments === undefined ? [] : attachmentsOf(parts.attachments, filling);
    return {
      subject: oneLine(parts.subject!),
      html: parts.html!,
      text: tidyText(parts.text!),
      ...(replyTo && { reply_to: replyTo }),
      ...(attachments.length > 0 && { attachments }),
    };
  },
};

const replyToSchema = z.email().max(254);

/** None where it comes out empty. */
function replyToOf(part: string | undefined, { template }: Filling): string | undefined {
  const address = part?.trim();
  if (!address || replyToSchema.safeParse(address).success) return address;
  throw new RenderFailure(template, 'reply_to must be one email address such as office@example.org');
}
