import { linkSchema } from '@carillon/contracts';
import type { Formatting } from '../formatting.ts';

/**
 * A link that is safe to follow and complete: `/invoices/7` → `https://school.example/invoices/7`. Compiling a
 * template adds this filter to every `href` and `src` that begins with a value, so that data cannot bring
 * `javascript:` into an email.
 *
 * @throws Error naming what is allowed; never the value
 */
export function url(value: unknown, { siteUrl }: Formatting): string {
  const link = linkSchema.safeParse(value);
  if (typeof value !== 'string') throw new Error('a link must be a string');
  if (!link.success) throw new Error(`a link ${link.error.issues[0]!.message}`);
  return link.data.startsWith('/') ? siteUrl + link.data : link.data;
}
