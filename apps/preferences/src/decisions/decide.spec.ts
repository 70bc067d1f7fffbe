import { describe, expect, it } from '@jest/globals';
import { availableChannels, type Channel, type Preferences } from '@carillon/contracts';
import fc from 'fast-check';
import type { NotificationType } from '../catalog/notification-type.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import { decide, type DecisionInput } from './decide.ts';

const type: NotificationType = {
  key: 'invoice_issued',
  category: 'billing',
  priority: 'normal',
  channels: ['in_app', 'email'],
  mandatory: false,
  on: [],
  origin: 'system',
  template: 'invoice_issued',
};
const contact = (channel: Channel, address: string, primary = true) => ({
  channel,
  address,
  label: null,
  verified: false,
  primary,
});
const amina: KnownRecipient = {
  id: 'amina',
  name: 'Amina',
  locale: 'en',
  time_zone: 'UTC',
  contacts: [contact('email', 'amina@example.org'), contact('sms', '+254711000111')],
  preferences: {},
};
const input = (change: Partial<DecisionInput> = {}, preferences: Preferences = {}): DecisionInput => ({
  notificationId: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  type,
  category: type.category,
  priority: 'normal',
  recipient: { ...amina, preferences },
  now: Date.parse('2026-11-21T10:00:00Z'),
  ...change,
});
const rulings = (of: DecisionInput) =>
  decide(of).channels.map(({ channel, outcome, rule }) => `${channel} ${outcome} ${rule}`);

describe('a decision', () => {
  it('takes the catalog’s channels when nobody says otherwise', () => {
    expect(rulings(input())).toEqual(['in_app send catalog_default', 'email send catalog_default']);
  });

  it('takes the channels that the event asks for, each once', () => {
    expect(rulings(input({ requestedChannels: ['sms', 'sms'] }))).toEqual(['sms send requested']);
  });

  it.each<[string, Preferences, string]>([
    ['the master switch', { channels: { email: false } }, 'email drop channel_preference'],
    [
      'a category’s switch over the master switch',
      { channels: { email: false }, categories: { billing: { email: true } } },
      'email send category_preference',
    ],
    [
      'a type’s switch over the category’s',
      { categories: { billing: { email: true } }, types: { invoice_issued: { email: false } } },
      'email drop type_preference',
    ],
    [
      'nothing of another category or type',
      { categories: { marketing: { email: false } }, types: { welcome: { email: false } } },
      'email send catalog_default',
    ],
  ])('obeys %s', (_, preferences, expected) => {
    expect(rulings(input({ type: { ...type, channels: ['email'] } }, preferences))).toEqual([expected]);
  });

  it('ignores every switch for a mandatory type, and says so', () => {
    const preferences = { channels: { email: false }, types: { invoice_issued: { email: false } } };
    expect(rulings(input({ type: { ...type, channels: ['email'], mandatory: true } }, preferences))).toEqual([
      'email send mandatory',
    ]);
  });

  it('drops everything after the deadline, mandatory or not', () => {
    for (const mandatory of [true, false]) {
      const late = input({ type: { ...type, mandatory }, expiresAt: '2026-11-21T10:00:00Z' });
      expect(rulings(late)).toEqual(['in_app drop expired', 'email drop expired']);
    }
  });

  it('records a missing contact, but only where it would have been sent', () => {
    const nobody = { ...amina, contacts: [] };
    expect(rulings(input({ recipient: nobody }))).toEqual(['in_app send catalog_default', 'email drop no_contact']);
    const off = { ...nobody, preferences: { channels: { email: false } } };
    expect(rulings(input({ recipient: off }))).toContain('email drop channel_preference');
  });

  it('sends to the primary contact of a channel, or to the only one', () => {
    const two = {
      ...amina,
      contacts: [contact('email', 'second@example.org', false), contact('email', 'first@example.org')],
    };
    expect(decide(input({ recipient: two })).deliveries.map(({ address }) => address)).toEqual([
      'amina',
      'first@example.org',
    ]);
    const one = { ...amina, contacts: [contact('email', 'only@example.org', false)] };
    expect(decide(input({ recipient: one })).deliveries.map(({ address }) => address)).toEqual([
      'amina',
      'only@example.org',
    ]);
  });

  describe('in quiet hours', () => {
    // It is 10:00 UTC.
    const quiet: Preferences = { quiet_hours: { start: '09:00', end: '11:30' } };
    const sms = { type: { ...type, channels: ['in_app', 'sms'] as Channel[] } };

    it('defers everything but the inbox until they end', () => {
      const { channels, deliveries } = decide(input(sms, quiet));
      expect(channels).toEqual([
        { channel: 'in_app', outcome: 'send', rule: 'catalog_default', reason: expect.any(String) },
        {
          channel: 'sms',
          outcome: 'defer',
          rule: 'quiet_hours',
          reason: 'amina has quiet hours until 2026-11-21T11:30:00.000Z',
          until: '2026-11-21T11:30:00.000Z',
        },
      ]);
      expect(deliveries.map(({ channel }) => channel)).toEqual(['in_app']);
    });

    it('lets urgent and mandatory ones pass', () => {
      expect(rulings(input({ ...sms, priority: 'urgent' }, quiet))).toContain('sms send catalog_default');
      expect(rulings(input({ type: { ...sms.type, mandatory: true } }, quiet))).toContain('sms send mandatory');
      expect(rulings(input({ ...sms, priority: 'high' }, quiet))).toContain('sms defer quiet_hours');
    });

    it('drops what expires before they end, and defers what does not', () => {
      expect(rulings(input({ ...sms, expiresAt: '2026-11-21T11:30:00Z' }, quiet))).toContain('sms drop expired');
      expect(rulings(input({ ...sms, expiresAt: '2026-11-21T11:30:01Z' }, quiet))).toContain('sms defer quiet_hours');
    });

    it('does not wait for what is not sent anyway', () => {
      expect(rulings(input(sms, { ...quiet, channels: { sms: false } }))).toContain('sms drop channel_preference');
      expect(rulings(input({ ...sms, recipient: { ...amina, contacts: [], preferences: quiet } }))).toContain(
        'sms drop no_contact',
      );
    });

    it('decides only the deferred channels when they end', () => {
      const after = input({ ...sms, now: Date.parse('2026-11-21T11:30:00Z'), onlyChannels: ['sms'] }, quiet);
      expect(rulings(after)).toEqual(['sms send catalog_default']);
    });
  });

  it('is the same for the same input, has one ruling per channel and a delivery exactly for each that is sent', () => {
    const switches = fc.option(fc.dictionary(fc.constantFrom(...availableChannels), fc.boolean()), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({
          channels: switches,
          category: switches,
          own: switches,
          requested: fc.option(fc.array(fc.constantFrom(...availableChannels), { minLength: 1 }), { nil: undefined }),
          mandatory: fc.boolean(),
          contacts: fc.subarray(amina.contacts),
        }),
        ({ channels, category, own, requested, mandatory, contacts }) => {
          const preferences: Preferences = {
            channels,
            categories: category && { billing: category },
            types: own && { invoice_issued: own },
          };
          const of = input({
            type: { ...type, mandatory },
            requestedChannels: requested,
            recipient: { ...amina, contacts, preferences },
          });
          const result = decide(of);
          expect(decide(of)).toEqual(result);
          const candidates = [...new Set(requested ?? type.channels)];
          expect(result.channels.map(({ channel }) => channel)).toEqual(candidates);
          const sent = result.channels.filter(({ outcome }) => outcome === 'send').map(({ channel }) => channel);
          expect(result.deliveries.map(({ channel }) => channel)).toEqual(sent);
          expect(new Set(result.deliveries.map(({ delivery_id }) => delivery_id)).size).toBe(sent.length);
          if (mandatory)
            expect(result.channels.every(({ rule }) => rule === 'mandatory' || rule === 'no_contact')).toBe(true);
          expect(result.channels.every(({ reason }) => reason.length > 0)).toBe(true);
        },
      ),
    );
  });
});
