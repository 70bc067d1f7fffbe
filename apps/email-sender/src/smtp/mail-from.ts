import addressparser from 'nodemailer/lib/addressparser';
import { z } from 'zod';

/** Whom emails come from. */
export interface MailFrom {
  readonly name: string;
  readonly address: string;
  /** Right side of the address; also of the Message-IDs. */
  readonly domain: string;
}

/**
 * Reads `Carillon <no-reply@example.org>` or a bare address.
 * @returns undefined unless it is exactly one address with a domain
 */
export function parseMailFrom(text: string): MailFrom | undefined {
  const parsed = addressparser(text, { flatten: true });
  const [only] = parsed;
  if (!only || parsed.length !== 1) return undefined;
  const domain = /^[^\s@]+@([a-z0-9-]+(?:\.[a-z0-9-]+)*)$/i.exec(only.address)?.[1];
  return domain ? { name: only.name, address: only.address, domain } : undefined;
}

/** Whom emails come from, as it is written in settings. */
export const fromSchema = z
  .string({ error: 'is needed: one address, such as Example School <no-reply@example.org>' })
  .max(320)
  .transform((text, context): MailFrom => {
    // A line break would begin another header.
    const from = /[\p{Cc}]/u.test(text) ? undefined : parseMailFrom(text);
    if (from) return from;
    context.addIssue({ code: 'custom', message: 'must be one address, such as Example School <no-reply@example.org>' });
    return z.NEVER;
  });
