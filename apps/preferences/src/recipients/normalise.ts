import { findUnstorable, pathOf, Problem, type FieldError, type RecipientInput } from '@carillon/contracts';
import { canonicalTimeZone, unknownTimeZone } from '@carillon/time';
import { isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import { canonicalAddress } from './canonical-address.ts';
import { canonicalLocale } from './canonical-locale.ts';
import type { Contact } from './recipient.ts';
import { remembered } from './remembered.ts';

export const defaultLocale = 'en';
export const defaultTimeZone = 'UTC';

/** A recipient ready to be stored: addresses canonical and each once, one primary contact per channel at most. */
export interface NormalRecipient {
  name: string | null;
  locale: string;
  time_zone: string;
  roles: string[];
  tags: string[];
  attributes: Record<string, unknown>;
  contacts: NormalContact[];
}

/** What is suppressed is known to the database, which marks it while it saves. */
export type NormalContact = Omit<Contact, 'suppressed'>;

/**
 * Checks and canonicalises what `PUT /v1/recipients/{id}` was given.
 * @throws Problem 422 `invalid_recipient` naming every field that is wrong
 */
export function normaliseRecipient(input: RecipientInput): NormalRecipient {
  const errors: FieldError[] = [];
  const recipient = readRecipient(input, (path, message) => errors.push({ path, message }));
  if (errors.length > 0) throw Problem.unprocessable('invalid_recipient', 'The recipient is not valid', errors);
  return recipient;
}

type Complain = (path: string, message: string) => void;

// People share few locales and zones, and ICU takes longer over one than all the rest of a recipient does.
const localeOf = remembered(canonicalLocale);
const timeZoneOf = remembered(canonicalTimeZone);

/** The same for one of many. What is returned is good only if there was no complaint. */
export function readRecipient(input: RecipientInput, complain: Complain): NormalRecipient {
  const contacts = readContacts(input, complain);
  const locale = localeOf(input.locale ?? defaultLocale);
  if ('message' in locale) complain('locale', locale.message);
  const zone = input.time_zone ?? defaultTimeZone;
  const timeZone = timeZoneOf(zone);
  if (timeZone === undefined) complain('time_zone', unknownTimeZone(zone));
  const attributes = input.attributes ?? {};
  const unstorable = findUnstorable(attributes);
  if (unstorable) complain(pathOf(['attributes', ...unstorable.path]), unstorable.message);
  return {
    name: input.name ?? null,
    locale: 'locale' in locale ? locale.locale : defaultLocale,
    time_zone: timeZone ?? defaultTimeZone,
    roles: [...new Set(input.roles)],
    tags: [...new Set(input.tags)],
    attributes,
    contacts,
  };
}

/** By channel, the primary one first, otherwise in the order given. */
function readContacts(input: RecipientInput, complain: Complain): NormalContact[] {
  const contacts: (NormalContact & { path: string })[] = [];
  const country = countryOf(input, complain);

  const add = (path: string, field: string, contact: NormalContact): void => {
    const canonical = canonicalAddress(contact.channel as 'email' | 'sms', contact.address, country);
    if ('message' in canonical) return complain(field, canonical.message);
    const { address } = canonical;
    const same = contacts.find((other) => other.channel === contact.channel && other.address === address);
    const primary = contacts.find((other) => other.channel === contact.channel && other.primary);
    if (same?.path.startsWith('contacts')) return complain(field, `is the same address as that of ${same.path}`);
    if (contact.primary && primary && primary !== same)
      complain(`${path}.primary`, `only one ${contact.channel} contact may be primary, and ${primary.path} is`);
    // `email` beside the same address under `contacts` is one contact, with what either says of it.
    if (same) Object.assign(same, { path, label: contact.label, verified: contact.verified });
    else contacts.push({ ...contact, path, address });
  };

  if (input.email) add('email', 'email', shorthand('email', input.email));
  if (input.phone) add('phone', 'phone', shorthand('sms', input.phone));
  input.contacts?.forEach(({ channel, address, label = null, verified = false, primary = false }, index) => {
    const path = `contacts[${index}]`;
    add(path, `${path}.address`, { channel, address, label, verified, primary });
  });
  return contacts
    .map(({ path: _, ...contact }) => contact)
    .sort((one, other) => one.channel.localeCompare(other.channel) || Number(other.primary) - Number(one.primary));
}

function shorthand(channel: 'email' | 'sms', address: string): NormalContact {
  return { channel, address, label: null, verified: false, primary: true };
}

function countryOf({ country }: RecipientInput, complain: Complain): CountryCode | undefined {
  if (!country) return undefined;
  const code = country.toUpperCase();
  if (isSupportedCountry(code)) return code;
  complain('country', `"${country}" is not a country code such as KE (ISO 3166-1 alpha-2)`);
  return undefined;
}
