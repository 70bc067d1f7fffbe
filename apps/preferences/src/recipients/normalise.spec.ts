import { describe, expect, it } from '@jest/globals';
import { Problem, type RecipientInput } from '@carillon/contracts';
import { normaliseRecipient } from './normalise.ts';

const errorsOf = (input: RecipientInput) => {
  try {
    normaliseRecipient(input);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return (error as Problem).errors!.map(({ path }) => path);
  }
  return [];
};

describe('a recipient', () => {
  it('gets a primary contact from email and phone, in canonical form', () => {
    const { contacts } = normaliseRecipient({ email: 'Amina@EXAMPLE.org', phone: '+254 (0)711 000-111' });
    expect(contacts).toEqual([
      { channel: 'email', address: 'Amina@example.org', label: null, verified: false, primary: true, suppressed: null },
      { channel: 'sms', address: '+254711000111', label: null, verified: false, primary: true, suppressed: null },
    ]);
  });

  it('has the same address once, with what either form says of it', () => {
    const { contacts } = normaliseRecipient({
      email: 'a@example.org',
      contacts: [{ channel: 'email', address: 'a@EXAMPLE.ORG', label: 'work', verified: true }],
    });
    expect(contacts).toEqual([
      { channel: 'email', address: 'a@example.org', label: 'work', verified: true, primary: true, suppressed: null },
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
    expect(normaliseRecipient({ locale: 'pt-br', time_zone: 'africa/nairobi' })).toMatchObject({
      locale: 'pt-BR',
      time_zone: 'Africa/Nairobi',
    });
  });

  it.each<[string, RecipientInput, string[]]>([
    ['a phone without country code', { phone: '0711000111' }, ['phone']],
    ['a phone that does not exist', { phone: '+254000' }, ['phone']],
    ['a contact that is no address', { contacts: [{ channel: 'email', address: 'nobody' }] }, ['contacts[0].address']],
    ['a zone that does not exist', { time_zone: 'Mars/Olympus' }, ['time_zone']],
    ['a fixed offset', { time_zone: '+03:00' }, ['time_zone']],
    ['a locale that is none', { locale: 'not a locale' }, ['locale']],
    [
      'two primary contacts of a channel',
      {
        contacts: [
          { channel: 'email', address: 'a@example.org', primary: true },
          { channel: 'email', address: 'b@example.org', primary: true },
        ],
      },
      ['contacts'],
    ],
    ['several mistakes, each named', { phone: 'x', time_zone: 'y', locale: '?' }, ['phone', 'locale', 'time_zone']],
  ])('is refused for %s', (_, input, paths) => {
    expect(errorsOf(input)).toEqual(paths);
  });
});
