/**
 * The canonical name of an IANA time zone; undefined for anything else. A fixed offset such as +03:00 is no zone: it would be
 * wrong after the next change of the clocks.
 */
export function canonicalTimeZone(zone: string): string | undefined {
  if (/^[+-]/.test(zone)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** What to say of a zone that is none. */
export function unknownTimeZone(zone: string): string {
  return `"${zone}" is not an IANA time zone such as Africa/Nairobi`;
}
