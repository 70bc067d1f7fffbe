import type { ContactChannel } from '@carillon/contracts';
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';
import { z } from 'zod';

const email = z.email().max(254);

/**
 * The one way in which an address is written, so that equal addresses are equal texts: phone numbers in E.164, email addresses in
 * small letters.
 * @param country where a phone number without a country code belongs
 * @returns what is wrong and how to mend it, for what is no address
 */
export function canonicalAddress(
  channel: ContactChannel,
  address: string,
  country?: CountryCode,
): { address: string } | { message: string } {
  return channel === 'email' ? canonicalEmail(address) : canonicalPhone(address, country);
}

function canonicalEmail(address: string): { address: string } | { message: string } {
  // The lengths are SMTP's (RFC 5321, section 4.5.3.1).
  const at = address.lastIndexOf('@');
  if (address.length > 254 || at > 64) {
    return { message: 'is too long for an email address: at most 64 characters before the @, 254 in all' };
  }
  if (!email.safeParse(address).success) return { message: 'must be an email address such as amina@example.org' };
  // The RFC leaves the case before the @ to the receiver (section 2.4), and receivers take no notice of it. Whoever complained as
  // Amina@ must not be written to as amina@.
  return { address: address.toLowerCase() };
}

function canonicalPhone(number: string, country?: CountryCode): { address: string } | { message: string } {
  const phone = parsePhoneNumberFromString(number.trim(), { defaultCountry: country, extract: false });
  if (phone?.isValid()) return { address: phone.number };
  if (country === undefined && !number.trim().startsWith('+')) {
    return {
      message: 'must be a phone number with its country code, such as +254711000111; add the code, or the country',
    };
  }
  const where = phone?.country ?? country;
  return { message: `is no phone number that exists${where ? ` in ${where}` : ''}; such as +254711000111` };
}
