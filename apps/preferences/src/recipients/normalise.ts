import { Problem, type FieldError, type RecipientInput } from '@carillon/contracts';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { z } from 'zod';
import { canonicalTimeZone, unknownTimeZone } from '../quiet-hours/time-zone.ts';
import type { Contact } from './recipient.ts';

export const defaultLocale = 'en';
export const defaultTimeZone = 'UTC';

/** A recipient ready to be stored: addresses canonical, one primary contact per channel at most. */
export interface NormalRecipient {
  name: string | null;
  locale: string;
  time_zone: string;
  roles: string[];
  tags: string[];
  attributes: Record<string, unknown>;
  contacts: Contact[];
}

/**
 * Checks and canonicalises what `PUT /v1/recipients/{id}` was given.
 * @throws Problem 422 `invalid_recipient` naming every field that is wrong
 */
export function normaliseRecipient(input: RecipientInput): NormalRecipient {
  const errors: FieldError[] = [];
  const given: { path: string; contact: Contact }[] = (input.contacts ?? []).map((contact, index) => ({
    path: `contacts[${index}].address`,
    contact: {
      channel: contact.channel,
      address: contact.address,
      label: contact.label ?? null,
      verified: contact.verified ?? false,
      primary: contact.primary ?? false,
      suppressed: null,
    },
  }));
  if (input.email) given.unshift({ path: 'email', contact: primaryContact('email', input.email) });
  if (input.phone) given.unshift({ path: 'phone', contact: primaryContact('sms', input.phone) });

  const contacts = new Map<string, Contact>();
  for (const { path, contact } of given) {
    const address = canonicalAddress(contact, path, errors);
    const key = `${contact.channel} ${address}`;
    const known = contacts.get(key);
    // `email` beside the same address under `contacts` is one contact, with what either says of it.
    if (known)
      Object.assign(known, { label: contact.label ?? known.label, verified: contact.verified || known.verified });
    else contacts.set(key, { ...contact, address });
  }
  for (const channel of ['email', 'sms']) {
    if ([...contacts.values()].filter((contact) => contact.channel === channel && contact.primary).length > 1) {
      errors.push({ path: 'contacts', message: `only one ${channel} contact may be primary` });
    }
  }
  const locale = canonicalLocale(input.locale ?? defaultLocale, errors);
  const zone = input.time_zone ?? defaultTimeZone;
  const timeZone = canonicalTimeZone(zone);
  if (timeZone === undefined) errors.push({ path: 'time_zone', message: unknownTimeZone(zone) });
  if (errors.length > 0) throw Problem.unprocessable('invalid_recipient', 'The recipient is not valid', errors);
  return {
    name: input.name ?? null,
    locale,
    time_zone: timeZone!,
    roles: [...new Set(input.roles)],
    tags: [...new Set(input.tags)],
    attributes: input.attributes ?? {},
    contacts: [...contacts.values()].sort(byChannelAndPrimary),
  };
}

function byChannelAndPrimary(one: Contact, other: Contact): number {
  return one.channel.localeCompare(other.channel) || Number(other.primary) - Number(one.primary);
}

function primaryContact(channel: 'email' | 'sms', address: string): Contact {
  return { channel, address, label: null, verified: false, primary: true, suppressed: null };
}

function canonicalAddress({ channel, address }: Contact, path: string, errors: FieldError[]): string {
  if (channel === 'email') {
    if (!z.email().safeParse(address).success) {
      errors.push({ path, message: 'must be an email address such as amina@example.org' });
    }
    // Only the domain is case-insensitive (RFC 5321, section 2.4).
    const at = address.lastIndexOf('@');
    return address.slice(0, at) + address.slice(at).toLowerCase();
  }
  const phone = parsePhoneNumberFromString(address);
  if (!phone?.isValid()) {
    errors.push({ path, message: 'must be a phone number with its country code, such as +254711000111' });
    return address;
  }
  return phone.number;
}

function canonicalLocale(locale: string, errors: FieldError[]): string {
  try {
    return Intl.getCanonicalLocales(locale)[0]!;
  } catch {
    errors.push({ path: 'locale', message: `"${locale}" is not a language tag such as en, sw or pt-BR` });
    return locale;
  }
}
