import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

/** More would be a list that nobody looks after. */
export const originsAtMost = 50;

/** Hosts of the machine that the browser runs on, for which http is as good as https. */
const loopback = ['localhost', '127.0.0.1', '[::1]'];

/** Where a request came from, as far as browsers tell. */
export interface Page {
  /** Whose page sent it (RFC 6454). Whatever is no browser says nothing; browsers leave it out where a page reads from its own host. */
  origin: string | undefined;
  /** To which host it was sent. */
  host: string | undefined;
}

/** Whose page sent a request, behind the proxies among `TRUSTED_PROXIES`, too. */
export function pageOf({ headers, host }: FastifyRequest): Page {
  return { origin: headers.origin, host };
}

/** The origins that a tenant allows, as their list is written: whole origins, each once. */
export const originsSchema = z
  .array(
    z
      .string()
      .max(300, 'must be at most 300 characters')
      .superRefine((text, context) => {
        const message = whatIsWrong(text);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      }),
  )
  .max(originsAtMost, `must be at most ${originsAtMost} origins`)
  .superRefine((list, context) =>
    list.forEach((origin, index) => {
      const first = list.indexOf(origin);
      if (first === index) return;
      context.addIssue({ code: 'custom', path: [index], message: `is the same as origins[${first}]; leave it out` });
    }),
  );

/** Why a tenant cannot allow an origin of this name, with the cure; undefined: it can. */
export function whatIsWrong(text: string): string | undefined {
  if (text.includes('*')) return 'must be one whole origin without "*"; name each one, such as https://app.example.com';
  if (text === 'null')
    return 'cannot be allowed: "null" is what any sandboxed page or file is called; serve yours by https';
  if (!URL.canParse(text)) return 'must be an origin such as https://app.example.com';
  const { protocol, hostname, origin } = new URL(text);
  if (protocol !== 'https:' && !(protocol === 'http:' && loopback.includes(hostname)))
    return 'must begin with https://, for pages of your own machine with http://localhost';
  if (origin !== text) return `must be written as browsers send it: ${origin}`;
  return undefined;
}

/** Whether a text is what REALTIME_ORIGINS may be. */
export function areOrigins(text: string): boolean {
  return listed(text).every((origin) => origin === '*' || isOrigin(origin));
}

/** What REALTIME_ORIGINS names, in lower case as browsers send it. */
export function listed(text: string): string[] {
  return text.split(',').map((origin) => origin.trim().toLowerCase());
}

/**
 * Whether it is a page of ours.
 * @param publicUrl under which browsers know us, where a proxy tells us another host
 */
export function isOwnPage({ origin, host }: Page, publicUrl: string | undefined): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  return (
    new URL(origin).host === host?.toLowerCase() || (publicUrl !== undefined && new URL(publicUrl).origin === origin)
  );
}

/** Apps in a web view have schemes of their own: `capacitor://localhost`. */
function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/*?#@]+$/i.test(text);
}
