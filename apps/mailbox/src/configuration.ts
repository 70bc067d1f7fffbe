import { z } from 'zod';
import { DEFAULTS, type MailboxOptions } from './mailbox.ts';

const port = (fallback: number) => number(0, 65_535, fallback, 'a port number from 0 to 65535; 0 takes any free port');
const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional();

/** The environment variables of the mailbox. An empty one counts as unset. */
const variables = z.object({
  MAILBOX_HOST: z.string().default(DEFAULTS.host),
  MAILBOX_HTTP_PORT: port(DEFAULTS.httpPort),
  MAILBOX_SMTP_PORT: port(DEFAULTS.smtpPort),
  MAILBOX_LIMIT: number(1, 100_000, DEFAULTS.limit, 'a number of messages from 1 to 100000'),
  MAILBOX_MAX_MESSAGE_BYTES: number(1024, 104_857_600, DEFAULTS.maxMessageBytes, 'a size from 1024 to 104857600 bytes'),
  MAILBOX_SLOW_MS: number(0, 600_000, DEFAULTS.slowMs, 'milliseconds from 0 to 600000'),
  MAILBOX_LATER_MS: number(0, 600_000, DEFAULTS.laterMs, 'milliseconds from 0 to 600000'),
  MAILBOX_BOUNCE_URL: url,
  MAILBOX_AFRICASTALKING_CALLBACK_URL: url,
  MAILBOX_SMS_CALLBACK_URL: url,
  MAILBOX_SMS_TOKEN: z.string().optional(),
});

/** Names of all variables, for the test of the reference in docs/mailbox.md. */
export const VARIABLE_NAMES = Object.keys(variables.shape);

/** One or more variables are wrong; the message names each, with what it must be. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads the mailbox's options from environment variables.
 * @throws ConfigurationError
 */
export function readConfiguration(environment: NodeJS.ProcessEnv): MailboxOptions {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`).join('\n'),
    );
  }
  const read = parsed.data;
  return {
    host: read.MAILBOX_HOST,
    httpPort: read.MAILBOX_HTTP_PORT,
    smtpPort: read.MAILBOX_SMTP_PORT,
    limit: read.MAILBOX_LIMIT,
    maxMessageBytes: read.MAILBOX_MAX_MESSAGE_BYTES,
    slowMs: read.MAILBOX_SLOW_MS,
    laterMs: read.MAILBOX_LATER_MS,
    bounceUrl: read.MAILBOX_BOUNCE_URL,
    africasTalkingCallbackUrl: read.MAILBOX_AFRICASTALKING_CALLBACK_URL,
    customCallbackUrl: read.MAILBOX_SMS_CALLBACK_URL,
    customToken: read.MAILBOX_SMS_TOKEN,
  };
}

/** A whole number written in digits, or the fallback when unset. */
function number(minimum: number, maximum: number, fallback: number, what: string) {
  const error = `must be ${what}`;
  return z
    .string()
    .regex(/^\d+$/, error)
    .transform(Number)
    .pipe(z.number().min(minimum, error).max(maximum, error))
    .default(fallback);
}
