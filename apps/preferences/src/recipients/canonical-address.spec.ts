import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getCountries, getCountryCallingCode, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples' with { type: 'json' };
import { canonicalAddress } from './canonical-address.ts';

describe('a canonical address', () => {
  it.each([
    ['sms', '+254 711 000 111', '+254711000111'],
    ['sms', ' +254-711-000-111 ', '+254711000111'],
    ['sms', '+44 (0)20 7946 0018', '+442079460018'],
    ['email', 'Amina.Otieno+fees@Example.ORG', 'amina.otieno+fees@example.org'],
  ] as const)('of %s "%s" is %s', (channel, given, address) => {
    expect(canonicalAddress(channel, given)).toEqual({ address });
  });

  it('of a national number takes the country, which a number with a code does not need', () => {
    expect(canonicalAddress('sms', '0711 000 111', 'KE')).toEqual({ address: '+254711000111' });
    expect(canonicalAddress('sms', '0711 000 111', 'UG')).not.toEqual({ address: '+254711000111' });
    expect(canonicalAddress('sms', '+442079460018', 'KE')).toEqual({ address: '+442079460018' });
  });

  it.each([
    'call +254711000111 now',
    '+254711000111, +254711000112',
    '0711000111',
    '+999711000111',
    '',
    '+',
    'amina@example.org',
  ])('does not exist for "%s" on sms', (given) => {
    expect(canonicalAddress('sms', given)).toEqual({ message: expect.stringContaining('+254711000111') });
  });

  it.each(['amina', 'amina@', '@example.org', 'a b@example.org', 'a@b@example.org', 'Amina <amina@example.org>', ''])(
    'does not exist for "%s" on email',
    (given) => {
      expect(canonicalAddress('email', given)).toEqual({ message: expect.any(String) });
    },
  );

  it('is its own canonical form, whatever the number and however it is written', () => {
    const country = fc.constantFrom(...getCountries().filter((code) => examples[code] !== undefined));
    const separator = fc.constantFrom('', ' ', '-', '.');
    fc.assert(
      fc.property(country, separator, fc.boolean(), (code, between, national) => {
        const example = getExampleNumber(code, examples)!;
        const written = [...(national ? example.formatNational() : example.number)]
          .map((character, index) => (index > 1 && /\d/.test(character) ? between + character : character))
          .join('');
        const canonical = canonicalAddress('sms', written, code);
        expect({ written, canonical }).toEqual({ written, canonical: { address: example.number } });
        expect(canonicalAddress('sms', example.number)).toEqual(canonical);
        expect(example.number.startsWith(`+${getCountryCallingCode(code)}`)).toBe(true);
      }),
    );
  });

  it('is its own canonical form, whatever the email address', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (given) => {
        const once = canonicalAddress('email', given);
        if ('address' in once) expect(canonicalAddress('email', once.address)).toEqual(once);
      }),
    );
  });
});
