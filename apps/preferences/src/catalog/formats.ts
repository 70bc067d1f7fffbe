import { fullFormats } from 'ajv-formats/dist/formats.js';

/** The formats that are checked, each with an example. */
export const formats = {
  date: 'a date such as 2026-12-01',
  time: 'a time with a zone such as 16:30:00Z',
  'date-time': 'an RFC 3339 time with a zone such as 2026-12-01T16:30:00Z',
  duration: 'an ISO 8601 duration such as PT45M',
  email: 'an email address such as amina@example.org',
  hostname: 'a host name such as example.org',
  ipv4: 'an IPv4 address such as 192.0.2.1',
  ipv6: 'an IPv6 address such as 2001:db8::1',
  uri: 'a URI such as https://example.org/i/1001',
  'uri-reference': 'a URI or a path such as /i/1001',
  uuid: 'a UUID',
} as const;
export type FormatName = keyof typeof formats;

/** Longer texts are of no format. */
const longest = 2_048;

/** Whether a text is of the format. */
export function hasFormat(name: FormatName): (text: string) => boolean {
  const format = fullFormats[name] as RegExp | ((text: string) => boolean) | { validate(text: string): boolean };
  const test =
    format instanceof RegExp
      ? (text: string) => format.test(text)
      : typeof format === 'function'
        ? format
        : format.validate;
  return (text) => text.length <= longest && test(text);
}
