import { describe, expect, it } from '@jest/globals';
import { Problem, type RecipientInput } from '@carillon/contracts';
import { normaliseRecipient } from './normalise.ts';

const errorsOf = (input: RecipientInput): string[] => {
  try {
    normaliseRecipient(input);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ status: 422, code: 'invalid_recipient' });
    return (error as Problem).errors!.map(({ path, message }) => `${path} ${message}`);
  }
  return [];
};

/** So many objects, each in the next. */
function nested(levels: number): Record<string, unknown> {
  let value = {};
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

describe('a recipient', () => {
  it('gets a primary contact from email and phone, in canonical form', () => {
    const { contacts } = normaliseRecipient({ email: 'Amina@EXAMPLE.org', phone: '+254 (0)711 000-111' });
    expect(contacts).toEqual([
      { channel: 'email', address: 'amina@example.org', label: null, verified: false, primary: true },
      { channel: 'sms', address: '+254711000111', label: null, verified: false, primary: true },
    ]);
  });

  it('has the same address once, with what either form says of it', () => {
    const { contacts } = normaliseRecipient({
      email: 'a@example.org',
      contacts: [{ channel: 'email', address: 'a@EXAMPLE.ORG', label: 'work', verified: true }],
    });
    expect(contacts).toEqual([
      { channel: 'email', address: 'a@example.org', label: 'work', verified: true, primary: true },
    ]);
  });

  it('may have several contacts on a channel: the primary one first, the others as they were given', () => {
    const { contacts } = normaliseRecipient({
      phone: '0711 000 111',
      country: 'ke',
      contacts: [
        { channel: 'sms', address: '+254711000113', label: 'work' },
        { channel: 'email', address: 'b@example.org', verified: true },
        { channel: 'sms', address: '0711000112', label: 'home' },
        { channel: 'email', address: 'a@example.org', primary: true },
      ],
    });
    expect(contacts.map(({ channel, address, label }) => [channel, address, label])).toEqual([
      ['email', 'a@example.org', null],
      ['email', 'b@example.org', null],
      ['sms', '+254711000111', null],
      ['sms', '+254711000113', 'work'],
      ['sms', '+254711000112', 'home'],
    ]);
  });

  it('has defaults for everything that is left out', () => {
    expect(normaliseRecipient({})).toEqual({
      name: null,
      locale: 'en',
      time_zone: 'UTC',
      roles: [],
      tags: [],
      attributes: {},
      contacts: [],
    });
    expect(normaliseRecipient({ locale: 'pt-br', time_zone: 'africa/nairobi', roles: ['a', 'b', 'a'] })).toMatchObject({
      locale: 'pt-BR',
      time_zone: 'Africa/Nairobi',
      roles: ['a', 'b'],
    });
  });

  const email = (address: string, more: object = {}) => ({ channel: 'email' as const, address, ...more });

  it.each<[string, RecipientInput, string[]]>([
    [
      'a phone without country code',
      { phone: '0711000111' },
      ['phone must be a phone number with its country code, such as +254711000111; add the code, or the country'],
    ],
    ['a phone that does not exist', { phone: '+254000' }, ['phone is no phone number that exists']],
    [
      'a national phone that does not exist in its country',
      { phone: '0711', country: 'KE' },
      ['phone is no phone number that exists in KE'],
    ],
    [
      'a country that does not exist',
      { country: 'XX' },
      ['country "XX" is not a country code such as KE (ISO 3166-1 alpha-2)'],
    ],
    [
      'a contact that is no address',
      { contacts: [email('nobody')] },
      ['contacts[0].address must be an email address such as amina@example.org'],
    ],
    [
      'an address that is too long for SMTP',
      { contacts: [email(`${'x'.repeat(65)}@example.org`)] },
      ['contacts[0].address is too long for an email address: at most 64 characters before the @, 254 in all'],
    ],
    [
      'a zone that does not exist',
      { time_zone: 'Mars/Olympus' },
      ['time_zone "Mars/Olympus" is not an IANA time zone such as Africa/Nairobi'],
    ],
    ['a fixed offset', { time_zone: '+03:00' }, ['time_zone "+03:00" is not an IANA time zone such as Africa/Nairobi']],
    [
      'a locale that is none',
      { locale: 'not a locale' },
      ['locale "not a locale" is not a language tag such as en, sw or pt-BR'],
    ],
    [
      'a language that nobody knows',
      { locale: 'klingon' },
      ['locale "klingon" names the unknown language "klingon"; use a language tag such as en, sw or pt-BR'],
    ],
    [
      'two primary contacts of a channel',
      { contacts: [email('a@example.org', { primary: true }), email('b@example.org', { primary: true })] },
      ['contacts[1].primary only one email contact may be primary, and contacts[0] is'],
    ],
    [
      'a primary contact beside the short form',
      { email: 'a@example.org', contacts: [email('b@example.org', { primary: true })] },
      ['contacts[0].primary only one email contact may be primary, and email is'],
    ],
    [
      'the same contact twice',
      { contacts: [email('a@example.org'), email('b@example.org'), email('a@EXAMPLE.org')] },
      ['contacts[2].address is the same address as that of contacts[0]'],
    ],
    [
      'the same contact twice beside the short form',
      { email: 'a@example.org', contacts: [email('a@example.org'), email('a@EXAMPLE.org')] },
      ['contacts[1].address is the same address as that of contacts[0]'],
    ],
    [
      'characters that no database keeps',
      { attributes: { nested: [{ key: 'a\0b' }] } },
      ['attributes.nested[0].key must not contain the NUL character or broken characters'],
    ],
    [
      'halves of characters',
      { attributes: { '\ud83d': 1 } },
      ['attributes must have no key with the NUL character or broken characters'],
    ],
    ['attributes without end', { attributes: nested(5000) }, ['attributes must be at most 100 levels deep']],
    [
      'several mistakes, each named',
      { phone: '+1', time_zone: 'y', locale: '?' },
      [
        'phone is no phone number that exists',
        'locale "?" is not a language tag such as en, sw or pt-BR',
        'time_zone "y" is not an IANA time zone such as Africa/Nairobi',
      ],
    ],
  ])('is refused for %s', (_, input, expected) => {
    const errors = errorsOf(input);
    expect(errors).toHaveLength(expected.length);
    errors.forEach((error, index) => expect(error).toContain(expected[index]));
  });
});
