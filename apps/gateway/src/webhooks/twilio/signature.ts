import { createHmac } from 'node:crypto';

/** A form as it was posted; a member that comes more than once is a list. */
export type Form = Readonly<Record<string, string | readonly string[]>>;

/**
 * What Twilio puts into `X-Twilio-Signature`: the HMAC-SHA1 of the exact public URL followed by the members of the form in
 * alphabetical order. https://www.twilio.com/docs/usage/security#validating-requests
 */
export function twilioSignature(authToken: string, url: string, form: Form): string {
  const members = Object.keys(form)
    .sort()
    .flatMap((name) => [...new Set([form[name]!].flat())].sort().map((value) => name + value));
  return createHmac('sha1', authToken)
    .update(url + members.join(''))
    .digest('base64');
}
