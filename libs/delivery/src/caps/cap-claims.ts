/** How a tenant's caps apply to a delivery. Pure. */
import { hash } from 'node:crypto';
import type { Caps } from '@carillon/contracts';

/** What counts together, and over which time. */
export type CapScope = 'recipient_hour' | 'recipient_day' | 'day' | 'country_day';

/** One count that a delivery would add to. */
export interface CapClaim {
  readonly scope: CapScope;
  /** The recipient, as a hash: counts outlive an erasure by a day. Or the calling code; empty for the tenant as a whole. */
  readonly key: string;
  readonly most: number;
}

/** The tenant's caps over the installation's. */
export function effectiveCaps(own: Caps, installation: Caps): Caps {
  const set = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...installation, ...set };
}

/** What a delivery would count for; empty where there is no cap. */
export function claimsOf(
  caps: Caps,
  { tenant, recipient, destination }: { tenant: string; recipient: string; destination: string },
): CapClaim[] {
  const claims: CapClaim[] = [];
  const claim = (scope: CapScope, key: string, most: number | null | undefined): void => {
    if (most !== null && most !== undefined) claims.push({ scope, key, most });
  };
  const person = hash('sha256', `${tenant} ${recipient}`, 'base64url');
  claim('recipient_hour', person, caps.per_recipient_hour);
  claim('recipient_day', person, caps.per_recipient_day);
  const country = countryOf(caps.countries_per_day, destination);
  if (country) claim('country_day', country.code, country.most);
  claim('day', '', caps.per_day);
  return claims;
}

/** The cap of the country of a phone number: of the longest calling code that it begins with, otherwise of all others. */
function countryOf(
  countries: Caps['countries_per_day'],
  destination: string,
): { readonly code: string; readonly most: number } | undefined {
  if (!countries) return undefined;
  const code = longestPrefix(Object.keys(countries), destination) ?? '*';
  const most = countries[code];
  return most === undefined ? undefined : { code, most };
}

/** The longest of the given first digits with which a phone number begins. */
export function longestPrefix(codes: readonly string[], phone: string): string | undefined {
  const digits = phone.replace(/^\+/, '');
  return codes.filter((code) => digits.startsWith(code)).sort((one, other) => other.length - one.length)[0];
}

/** In words, for whoever looks at a delivery that was put aside or refused. */
export function capInWords({ scope, key, most }: CapClaim): string {
  const country = key === '*' ? 'other countries' : `numbers that begin with +${key}`;
  if (scope === 'country_day' && most === 0) return `no messages are sent to ${country} (caps: countries_per_day)`;
  const what = {
    recipient_hour: `${most} messages an hour to one recipient (caps: per_recipient_hour)`,
    recipient_day: `${most} messages a day to one recipient (caps: per_recipient_day)`,
    day: `${most} messages a day (caps: per_day)`,
    country_day: `${most} messages a day to ${country} (caps: countries_per_day)`,
  };
  return `over the cap of ${what[scope]}`;
}
