import { createHmac } from 'node:crypto';

/**
 * The X-Twilio-Signature of a callback: HMAC-SHA1 with the auth token over the URL followed by every field's name and
 * value, sorted by name (https://www.twilio.com/docs/usage/security#validating-requests).
 */
export function twilioSignature(authToken: string, url: string, fields: Record<string, string>): string {
  const signed = Object.keys(fields)
    .sort()
    .reduce((text, name) => text + name + fields[name], url);
  return createHmac('sha1', authToken).update(signed, 'utf8').digest('base64');
}
