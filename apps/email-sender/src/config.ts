import { deliveryConfig, uncertainPolicySchema } from '@carillon/delivery';
import { z } from 'zod';
import { mailgunDomain, mailgunRegions } from './mailgun/mailgun-provider.ts';
import { sesRegion } from './ses/ses-provider.ts';
import { fromSchema } from './smtp/mail-from.ts';

function isSmtpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ['smtp:', 'smtps:'].includes(url.protocol) && url.hostname !== '';
}

const baseUrl = (about: string) =>
  z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://mail.example.org' })
    .optional()
    .describe(about);

export const emailKindNames = ['smtp', 'mailgun', 'ses'] as const;
export type EmailKind = (typeof emailKindNames)[number];

/** The environment of the email sender, beside what every service and every sender has. */
export const config = deliveryConfig.extend({
  // A repeated email has the same Message-ID, which mail systems use to show it once, and a second copy does little harm. A second
  // one-time code would: it may have been replaced or used by then.
  UNCERTAIN_POLICY: uncertainPolicySchema('security=look_up,*=resend'),
  EMAIL_PROVIDER: z
    .string()
    .default('smtp')
    .transform((text, context): readonly EmailKind[] => {
      const named = text.split(',').map((part) => part.trim());
      const known = named.filter((name): name is EmailKind => (emailKindNames as readonly string[]).includes(name));
      if (text.trim() === 'none') return [];
      if (known.length === named.length && new Set(known).size === known.length) return known;
      context.addIssue({
        code: 'custom',
        message: 'must be smtp, mailgun or ses, several of them in order, such as smtp,mailgun, or none',
      });
      return z.NEVER;
    })
    .describe(
      'Which providers send the emails of tenants without providers of their own: smtp, mailgun, ses; several in the order in which they are asked, such as mailgun,smtp; none where every tenant has its own',
    ),
  SMTP_URL: z
    .string()
    // The value may hold a password, so the message does not repeat it.
    .refine(
      isSmtpUrl,
      'must be smtp://host:port or smtps://host:port, with user:password@ before the host where needed',
    )
    .optional()
    .describe('The SMTP server; smtps:// for TLS from the start, smtp:// with STARTTLS where the server offers it'),
  MAIL_FROM: z
    .string()
    .default('Carillon <no-reply@carillon.localhost>')
    .pipe(fromSchema)
    .describe('Whom emails come from'),
  SMTP_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Connections to each SMTP server at most, for each replica'),
  MAILGUN_DOMAIN: mailgunDomain.optional().describe('Mailgun: the sending domain'),
  MAILGUN_API_KEY: z.string().optional().describe('Mailgun: a sending key of the domain'),
  MAILGUN_REGION: z.enum(mailgunRegions).default('us').describe('Mailgun: where the domain was set up'),
  MAILGUN_URL: baseUrl('Mailgun: another base URL than the region’s, for development'),
  SES_REGION: sesRegion
    .optional()
    .describe('Amazon SES: the region; credentials are found as AWS tools find them (AWS_ACCESS_KEY_ID, a role)'),
  SES_CONFIGURATION_SET: z
    .string()
    .optional()
    .describe('Amazon SES: the configuration set, which says where SES reports to'),
  SES_URL: baseUrl('Amazon SES: another endpoint than the region’s, for development'),
});

export type Config = z.infer<typeof config>;
