import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from '@carillon/contracts';

/** What a webhook answers whose key or secret is not set: nobody could tell a genuine request from a forged one. */
export function notConfigured(detail: string): Problem {
  return new Problem({
    status: 404,
    code: 'webhook_not_configured',
    title: 'This webhook is not configured',
    detail,
  });
}

/** Somebody else than the provider has sent it, or another body or URL than the provider has signed. */
export function forged(detail: string): Problem {
  return new Problem({ status: 403, code: 'forged_webhook', title: 'The request is not the provider’s', detail });
}

/** Compares secrets in a time that tells nothing about them, not even their lengths. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** @throws Problem 403 for another one */
export function admitSecret(given: string, expected: string): void {
  if (!isSame(given, expected)) throw forged('The secret in the URL is another one.');
}
