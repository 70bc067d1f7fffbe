import { deliveryConfig, uncertainPolicySchema } from '@carillon/delivery';
import { z } from 'zod';
import { parseMailFrom } from './smtp/mail-from.ts';

function isSmtpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ['smtp:', 'smtps:'].includes(url.protocol) && url.hostname !== '';
}

/** The environment of the email sender, beside what every service and every sender has. */
export const config = deliveryConfig.extend({
  // A repeated email has the same Message-ID, which mail systems use to show it once, and a second copy does little harm. A second
  // one-time code would: it may have been replaced or used by then.
  UNCERTAIN_POLICY: uncertainPolicySchema('security=look_up,*=resend'),
  EMAIL_PROVIDER: z.enum(['smtp']).default('smtp').describe('Which provider sends emails'),
  SMTP_URL: z
    .string({ error: 'is needed to send emails, such as smtp://user:password@mail.example.org:587' })
    // The value may hold a password, so the message does not repeat it.
    .refine(
      isSmtpUrl,
      'must be smtp://host:port or smtps://host:port, with user:password@ before the host where needed',
    )
    .describe('The SMTP server; smtps:// for TLS from the start, smtp:// with STARTTLS where the server offers it'),
  MAIL_FROM: z
    .string()
    .default('Carillon <no-reply@carillon.localhost>')
    .transform((text, context) => {
      const from = parseMailFrom(text);
      if (from) return from;
      context.addIssue({
        code: 'custom',
        message: 'must be one address, such as Example School <no-reply@example.org>',
      });
      return z.NEVER;
    })
    .describe('Whom emails come from'),
  SMTP_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Connections to the SMTP server at most, for each replica'),
});

export type Config = z.infer<typeof config>;
