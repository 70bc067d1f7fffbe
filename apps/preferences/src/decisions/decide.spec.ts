import { describe, expect, it } from '@jest/globals';
import {
  availableChannels,
  channelDecisionSchema,
  frequencies,
  priorities,
  type Channel,
  type Preferences,
} from '@carillon/contracts';
import fc from 'fast-check';
import type { NotificationType } from '../catalog/notification-type.ts';
import type { Contact, KnownRecipient } from '../recipients/recipient.ts';
import { decide, type DecisionInput } from './decide.ts';

const type: NotificationType = {
  key: 'invoice_issued',
  category: 'billing',
  priority: 'normal',
  channels: ['in_app', 'email'],
  mandatory: false,
  on: [],
  origin: 'system',
  reminders: [],
  template: 'invoice_issued',
};
const contact = (channel: Channel, address: string, more: Partial<Contact> = {}): Contact => ({
  channel,
  address,
  label: null,
  verified: false,
  primary: true,
  suppressed: null,
  ...more,
});
const amina: KnownRecipient = {
  id: 'amina',
  name: 'Amina',
  locale: 'en',
  time_zone: 'UTC',
  contacts: [contact('email', 'amina@example.org'), contact('sms', '+254711000111')],
  preferences: {},
};
const bounced = { ...amina, contacts: [contact('email', 'amina@example.org', { suppressed: 'hard_bounce' })] };
const now = Date.parse('2026-11-21T10:00:00Z'); // a Saturday
const later = '2026-11-22T00:00:00Z';

const input = (change: Partial<DecisionInput> = {}, preferences: Preferences = {}): DecisionInput => ({
  notificationId: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  type,
  category: type.category,
  priority: 'normal',
  recipient: { ...amina, preferences },
  now,
  ...change,
});
const rulings = (of: DecisionInput) =>
  decide(of).channels.map(({ channel, outcome, rule }) => `${channel} ${outcome} ${rule}`);
const byEmail = { type: { ...type, channels: ['email'] as Channel[] } };

describe('a decision', () => {
  it('takes the catalog’s channels when nobody says otherwise', () => {
    expect(rulings(input())).toEqual(['in_app send catalog_default', 'email send catalog_default']);
  });

  it('takes the channels that the event asks for, each once', () => {
    expect(rulings(input({ requestedChannels: ['sms', 'sms'] }))).toEqual(['sms send requested']);
  });

  describe('about what is wanted', () => {
    /**
     * Every rule of the table has something to say, each the opposite of the one before; from row to row the one that has
     * decided is taken away, and the next one decides.
     */
    const own = (preferences: Preferences) => ({ recipient: { ...amina, preferences } });
    const muted = { muted_until: later };
    const typeOn = { types: { invoice_issued: { email: true } } };
    const categoryOff = { categories: { billing: { email: false } } };
    const channelOn = { channels: { email: true } };
    const everything = { ...typeOn, ...categoryOff, ...channelOn };
    const mutedToo = { ...everything, types: { invoice_issued: { email: true, ...muted } } };
    const requested = { requestedChannels: ['email'] as Channel[] };
    const mandatory = { type: { ...byEmail.type, mandatory: true } };
    const unlisted = { type: { ...type, channels: ['in_app'] as Channel[] }, onlyChannels: ['email'] as Channel[] };

    it.each<[row: number, what: string, input: Partial<DecisionInput>, expected: string]>([
      [
        1,
        'a suppressed contact, though the type is mandatory',
        { ...mandatory, ...requested, recipient: { ...bounced, preferences: mutedToo }, defaults: mutedToo },
        'email drop suppressed',
      ],
      [
        2,
        'a mandatory type, though it is muted',
        { ...mandatory, ...requested, ...own(mutedToo), defaults: mutedToo },
        'email send mandatory',
      ],
      [
        3,
        'the recipient’s mute, though the switch for the type is on',
        { ...requested, ...own(mutedToo), defaults: mutedToo },
        'email drop muted',
      ],
      [
        4,
        'the switch for the type, though the one for the category is off',
        { ...requested, ...own(everything), defaults: mutedToo },
        'email send type_preference',
      ],
      [
        5,
        'the switch for the category, though the master switch is on',
        { ...requested, ...own({ ...categoryOff, ...channelOn }), defaults: mutedToo },
        'email drop category_preference',
      ],
      [
        6,
        'the master switch, though the tenant muted the type',
        { ...requested, ...own(channelOn), defaults: mutedToo },
        'email send channel_preference',
      ],
      [
        7,
        'the tenant’s mute, though the tenant’s switch for the type is on',
        { ...requested, defaults: mutedToo },
        'email drop tenant_default',
      ],
      [
        7,
        'the tenant’s switch for the type, though the one for the category is off',
        { ...requested, defaults: everything },
        'email send tenant_default',
      ],
      [
        7,
        'the tenant’s switch for the category, though the one for the channel is on',
        { ...requested, defaults: { ...categoryOff, ...channelOn } },
        'email drop tenant_default',
      ],
      [7, 'the tenant’s switch for the channel', { ...requested, defaults: channelOn }, 'email send tenant_default'],
      [
        7,
        'the same when it is off',
        { ...requested, defaults: { channels: { email: false } } },
        'email drop tenant_default',
      ],
      [8, 'the event that names the channel', { ...byEmail, ...requested }, 'email send requested'],
      [8, 'the same of a channel that the type does not list', requested, 'email send requested'],
      [9, 'the type that lists the channel', byEmail, 'email send catalog_default'],
      [9, 'the type that does not list it any more', unlisted, 'email drop catalog_default'],
    ])('row %i: obeys %s', (_row, _what, change, expected) => {
      expect(rulings(input(change))).toEqual([expected]);
    });

    it('obeys no switch of another category or type', () => {
      const others: Preferences = {
        categories: { marketing: { email: false } },
        types: { welcome: { email: false, muted_until: later, frequency: 'never' } },
      };
      expect(rulings(input(byEmail, others))).toEqual(['email send catalog_default']);
      expect(rulings(input({ ...byEmail, defaults: others }))).toEqual(['email send catalog_default']);
    });

    it('goes by the category that the event names', () => {
      const preferences = { categories: { billing: { email: false } } };
      expect(rulings(input({ ...byEmail, category: 'marketing' }, preferences))).toEqual([
        'email send catalog_default',
      ]);
    });

    it('mutes every channel, the inbox too, until the time has come', () => {
      const mutedUntil = (time: string) => ({ types: { invoice_issued: { muted_until: time } } });
      expect(rulings(input({}, mutedUntil(later)))).toEqual(['in_app drop muted', 'email drop muted']);
      expect(rulings(input({ priority: 'urgent' }, mutedUntil(later)))).toContain('email drop muted');
      expect(rulings(input({}, mutedUntil('2026-11-21T10:00:00Z')))).toEqual([
        'in_app send catalog_default',
        'email send catalog_default',
      ]);
    });

    it('adds a channel that is switched on for the type itself, by the recipient or by default', () => {
      const sms = { types: { invoice_issued: { sms: true } } };
      expect(rulings(input({}, sms))).toContain('sms send type_preference');
      expect(rulings(input({ defaults: sms }))).toContain('sms send tenant_default');
      expect(decide(input({ defaults: sms }, { types: { invoice_issued: { sms: false } } })).channels).toHaveLength(2);
      expect(rulings(input({ defaults: sms }, { channels: { sms: false } }))).toContain('sms drop channel_preference');
    });

    it('adds none that is merely permitted, none to what the event names, and none to a mandatory type', () => {
      const catalog = ['in_app', 'email'];
      const channelsOf = (of: DecisionInput) => decide(of).channels.map(({ channel }) => channel);
      expect(channelsOf(input({}, { channels: { sms: true }, categories: { billing: { sms: true } } }))).toEqual(
        catalog,
      );
      const sms = { types: { invoice_issued: { sms: true } } };
      expect(channelsOf(input({ requestedChannels: ['email'] }, sms))).toEqual(['email']);
      expect(channelsOf(input({ type: { ...type, mandatory: true } }, sms))).toEqual(catalog);
    });

    it('passes over a suppressed contact where there is another, and says why where there is none', () => {
      const two = {
        ...amina,
        contacts: [...bounced.contacts, contact('email', 'work@example.org', { primary: false })],
      };
      expect(decide(input({ ...byEmail, recipient: two })).deliveries).toMatchObject([{ address: 'work@example.org' }]);
      const [ruling] = decide(input({ ...byEmail, recipient: bounced })).channels;
      expect(ruling!.reason).toBe('every email contact of amina is suppressed (hard_bounce)');
    });

    it('sends to the primary contact of a channel, or to the only one', () => {
      const addresses = (contacts: Contact[]) =>
        decide(input({ recipient: { ...amina, contacts } })).deliveries.map(({ address }) => address);
      const second = contact('email', 'second@example.org', { primary: false });
      expect(addresses([second, contact('email', 'first@example.org')])).toEqual(['amina', 'first@example.org']);
      expect(addresses([second])).toEqual(['amina', 'second@example.org']);
    });
  });

  describe('about what passes', () => {
    const quiet: Preferences = { quiet_hours: { start: '09:00', end: '11:30' } };
    const past = { expiresAt: '2026-11-21T10:00:00Z' };
    const nobody = { ...amina, contacts: [] };

    it.each<[row: number, what: string, input: Partial<DecisionInput>, preferences: Preferences, expected: string]>([
      [10, 'the deadline has passed', { ...past, recipient: nobody }, {}, 'email drop expired'],
      [11, 'there is no contact', { recipient: { ...nobody, preferences: quiet } }, {}, 'email drop no_contact'],
      [12, 'it is never wanted', {}, { ...quiet, frequency: 'never' }, 'email drop frequency'],
      [12, 'it is wanted once a day', {}, { ...quiet, frequency: 'daily' }, 'email digest frequency'],
      [
        13,
        'it has waited for its hour',
        { waited: 'frequency' },
        { ...quiet, frequency: 'daily' },
        'email defer quiet_hours',
      ],
      [13, 'there are quiet hours', {}, quiet, 'email defer quiet_hours'],
      [14, 'they end too late', { expiresAt: '2026-11-21T11:30:00Z' }, quiet, 'email drop expired'],
      [14, 'its hour is too late', { expiresAt: later }, { frequency: 'daily' }, 'email drop expired'],
      [
        15,
        'the throttle refuses what would wait',
        { throttled: { max: 3, windowMs: 60_000 } },
        quiet,
        'email drop throttled',
      ],
      [
        15,
        'the throttle refuses what would be sent',
        { throttled: { max: 3, windowMs: 60_000 } },
        {},
        'email drop throttled',
      ],
    ])('row %i: %s', (_row, _what, change, preferences, expected) => {
      expect(rulings(input({ ...byEmail, ...change }, preferences))).toEqual([expected]);
    });

    it('is asked only of what is wanted, so the reason is the recipient’s where the recipient said no', () => {
      const off = { channels: { email: false } };
      const refused = { throttled: { max: 1, windowMs: 1000 } };
      for (const change of [past, { recipient: { ...nobody, preferences: off } }, refused])
        expect(rulings(input({ ...byEmail, ...change }, off))).toEqual(['email drop channel_preference']);
    });

    it('drops everything after the deadline and whatever the throttle refuses, mandatory or not', () => {
      for (const mandatory of [true, false]) {
        expect(rulings(input({ type: { ...type, mandatory }, ...past }))).toEqual([
          'in_app drop expired',
          'email drop expired',
        ]);
        expect(rulings(input({ type: { ...type, mandatory }, throttled: { max: 1, windowMs: 1000 } }))).toEqual([
          'in_app drop throttled',
          'email drop throttled',
        ]);
      }
    });

    it('lets urgent and mandatory ones pass quiet hours and frequency, and the inbox always', () => {
      for (const preferences of [quiet, { frequency: 'weekly' }, { frequency: 'never' }] satisfies Preferences[]) {
        expect(rulings(input({ priority: 'urgent' }, preferences))).toEqual([
          'in_app send catalog_default',
          'email send catalog_default',
        ]);
        expect(rulings(input({ type: { ...type, mandatory: true } }, preferences))).toEqual([
          'in_app send mandatory',
          'email send mandatory',
        ]);
        expect(rulings(input({ priority: 'high' }, preferences))).not.toContain('email send catalog_default');
        expect(rulings(input({}, preferences))).toContain('in_app send catalog_default');
      }
    });

    it('defers until the quiet hours end, and says so', () => {
      const { channels, deliveries } = decide(input({}, quiet));
      expect(channels[1]).toMatchObject({
        outcome: 'defer',
        reason: 'amina has quiet hours until 2026-11-21T11:30:00.000Z',
        until: '2026-11-21T11:30:00.000Z',
      });
      expect(deliveries.map(({ channel }) => channel)).toEqual(['in_app']);
    });

    it('defers what comes before the deadline by however little', () => {
      expect(rulings(input({ ...byEmail, expiresAt: '2026-11-21T11:30:01Z' }, quiet))).toEqual([
        'email defer quiet_hours',
      ]);
    });

    it('takes the tenant’s quiet hours for those who set none, and none for those who want none', () => {
      const byDefault = { ...byEmail, defaults: quiet };
      expect(rulings(input(byDefault))).toEqual(['email defer quiet_hours']);
      expect(rulings(input(byDefault, { quiet_hours: null }))).toEqual(['email send catalog_default']);
      expect(rulings(input(byDefault, { quiet_hours: { start: '22:00', end: '07:00' } }))).toEqual([
        'email send catalog_default',
      ]);
    });

    it.each<[string, Preferences, Preferences, NotificationType['frequency'], string]>([
      [
        'the recipient’s for the type',
        { types: { invoice_issued: { frequency: 'hourly' } }, frequency: 'never' },
        { frequency: 'never' },
        'never',
        '2026-11-21T11:00',
      ],
      [
        'the recipient’s for the category',
        { categories: { billing: { frequency: 'weekly' } }, frequency: 'daily' },
        { types: { invoice_issued: { frequency: 'never' } } },
        'never',
        '2026-11-23T08:00',
      ],
      [
        'the recipient’s for everything',
        { frequency: 'daily' },
        { types: { invoice_issued: { frequency: 'never' } } },
        'never',
        '2026-11-22T08:00',
      ],
      [
        'the tenant’s for the type',
        {},
        { types: { invoice_issued: { frequency: 'weekly' } }, frequency: 'never' },
        'never',
        '2026-11-23T08:00',
      ],
      [
        'the tenant’s for the category',
        {},
        { categories: { billing: { frequency: 'daily' } }, frequency: 'never' },
        'never',
        '2026-11-22T08:00',
      ],
      ['the tenant’s for everything', {}, { frequency: 'hourly' }, 'never', '2026-11-21T11:00'],
      ['the catalog’s', {}, {}, 'daily', '2026-11-22T08:00'],
    ])('goes by %s first', (_, own, defaults, ofCatalog, until) => {
      const [ruling] = decide(input({ defaults, type: { ...byEmail.type, frequency: ofCatalog } }, own)).channels;
      expect(ruling).toMatchObject({ outcome: 'digest', rule: 'frequency', until: `${until}:00.000Z` });
    });

    it('takes hour and weekday each from the recipient or otherwise from the tenant', () => {
      const defaults: Preferences = { digest: { hour: 18, weekday: 'sun' }, frequency: 'weekly' };
      const until = (digest: Preferences['digest']) =>
        decide(input({ ...byEmail, defaults }, { digest })).channels[0]!.until;
      expect(until(undefined)).toBe('2026-11-22T18:00:00.000Z');
      expect(until({ hour: 7 })).toBe('2026-11-22T07:00:00.000Z');
      expect(until({ weekday: 'tue' })).toBe('2026-11-24T18:00:00.000Z');
    });

    it('waits for a frequency once, and drops what is never wanted by then', () => {
      const again = { ...byEmail, waited: 'frequency' as const, onlyChannels: ['email'] as Channel[] };
      expect(rulings(input(again, { frequency: 'daily' }))).toEqual(['email send catalog_default']);
      expect(rulings(input(again, { frequency: 'never' }))).toEqual(['email drop frequency']);
      // After the hour came the quiet hours; after those it is not another day's turn.
      expect(rulings(input({ ...again, waited: 'quiet_hours' }, { frequency: 'daily' }))).toEqual([
        'email send catalog_default',
      ]);
    });

    it('leaves the inbox out of digests, unless the type says that its entries come with them', () => {
      const digest = { scope: 'all' as const, inApp: true, unreadOnly: false };
      const inbox = { type: { ...type, channels: ['in_app' as const] } };
      const both = (frequency: Preferences['frequency'], options?: typeof digest) =>
        rulings(input({ type: { ...inbox.type, ...(options && { digest: options }) } }, { ...quiet, frequency }));
      expect(both('daily')).toEqual(['in_app send catalog_default']);
      expect(both('daily', digest)).toEqual(['in_app digest frequency']);
      expect(both('never', digest)).toEqual(['in_app send catalog_default']);
      expect(both('immediate', digest)).toEqual(['in_app send catalog_default']);
    });

    it('never puts a digest into a digest', () => {
      const own: Preferences = { frequency: 'daily', types: { digest: { frequency: 'weekly' } } };
      expect(rulings(input({ type: { ...byEmail.type, key: 'digest' } }, own))).toEqual(['email send catalog_default']);
    });

    it('has similar ones wait for each other where the type says so, once, and after its frequency', () => {
      const batch = { key: '7', window_ms: 600_000, channels: ['in_app' as const, 'email' as const] };
      const [ruling] = decide(input({ ...byEmail, batch })).channels;
      expect(ruling).toMatchObject({ outcome: 'batch', rule: 'batch', until: '2026-11-21T10:10:00.000Z' });
      expect(ruling!.inputs!.batch).toEqual({ key: '7', mode: 'fixed', window_ms: 600_000 });
      expect(rulings(input({ batch }))).toEqual(['in_app send catalog_default', 'email batch batch']);
      expect(rulings(input({ ...byEmail, batch, waited: 'batch' }))).toEqual(['email send catalog_default']);
      expect(rulings(input({ ...byEmail, batch }, { frequency: 'daily' }))).toEqual(['email digest frequency']);
      expect(rulings(input({ ...byEmail, batch: { ...batch, channels: ['in_app'] } }))).toEqual([
        'email send catalog_default',
      ]);
      expect(rulings(input({ ...byEmail, batch, priority: 'urgent' }))).toEqual(['email send catalog_default']);
      expect(rulings(input({ ...byEmail, batch, expiresAt: '2026-11-21T10:05:00Z' }))).toEqual(['email drop expired']);
    });

    it('decides deferred channels again, even where nothing would name them any more', () => {
      const after = { now: Date.parse('2026-11-21T11:30:00Z'), waited: 'quiet_hours' as const };
      expect(rulings(input({ ...after, onlyChannels: ['email'] }, quiet))).toEqual(['email send catalog_default']);
      expect(rulings(input({ ...after, onlyChannels: ['sms'] }, quiet))).toEqual(['sms drop catalog_default']);
    });
  });

  describe('carries what its rules looked at', () => {
    it('with the switches that are set and those that are not', () => {
      const [ruling] = decide(
        input(
          { ...byEmail, defaults: { channels: { email: true } } },
          { categories: { billing: { email: false } }, channels: { email: true } },
        ),
      ).channels;
      expect(ruling!.inputs).toEqual({
        mandatory: false,
        priority: 'normal',
        contact: 'usable',
        type_preference: null,
        category_preference: false,
        channel_preference: true,
        tenant_default: true,
        requested: false,
      });
    });

    it('with the times that were compared, and only those', () => {
      const quietHours = { start: '22:00', end: '07:00' };
      const [inbox, email] = decide(
        input(
          { expiresAt: later },
          { quiet_hours: quietHours, types: { invoice_issued: { muted_until: '2026-11-20T00:00:00Z' } } },
        ),
      ).channels;
      const at = '2026-11-21T10:00:00.000Z';
      expect(inbox!.inputs).toMatchObject({ at, expires_at: later, muted_until: '2026-11-20T00:00:00Z' });
      expect(inbox!.inputs).not.toHaveProperty('quiet_hours');
      expect(email!.inputs).toMatchObject({ at, quiet_hours: quietHours, time_zone: 'UTC' });
      const [throttled] = decide(input({ ...byEmail, throttled: { max: 3, windowMs: 60_000 } })).channels;
      expect(throttled).toMatchObject({
        reason: 'amina gets at most 3 of invoice_issued in 60 s',
        inputs: { throttle: { max: 3, window_ms: 60_000 } },
      });
    });
  });

  describe('whatever the input', () => {
    const switches = fc.dictionary(fc.constantFrom(...availableChannels), fc.boolean());
    const time = fc.constantFrom(
      '2026-11-20T00:00:00Z',
      '2026-11-21T10:00:00Z',
      '2026-11-21T12:00:00Z',
      '2026-12-21T00:00:00Z',
    );
    const frequency = fc.constantFrom(...frequencies);
    const quietHours = fc.constantFrom(null, { start: '09:00', end: '11:30' }, { start: '22:00', end: '07:00' });
    const preferences = fc.record(
      {
        channels: switches,
        categories: fc.record({ billing: switches }),
        types: fc.record({
          invoice_issued: fc
            .tuple(switches, fc.record({ frequency, muted_until: time }, { requiredKeys: [] }))
            .map(([channels, more]) => ({ ...channels, ...more })),
        }),
        frequency,
        quiet_hours: quietHours,
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Preferences>;
    const someChannels = fc.array(fc.constantFrom(...availableChannels), { minLength: 1 });
    const contacts = fc
      .array(
        fc.tuple(fc.constantFrom('email' as const, 'sms' as const), fc.constantFrom(null, 'hard_bounce'), fc.boolean()),
      )
      .map((list) =>
        list.map(([channel, suppressed, primary], n) => contact(channel, `address-${n}`, { suppressed, primary })),
      );
    const anything: fc.Arbitrary<DecisionInput> = fc
      .record({
        own: preferences,
        defaults: fc.option(preferences, { nil: undefined }),
        contacts,
        mandatory: fc.boolean(),
        ofCatalog: fc.option(frequency, { nil: undefined }),
        listed: someChannels,
        priority: fc.constantFrom(...priorities),
        requestedChannels: fc.option(someChannels, { nil: undefined }),
        onlyChannels: fc.option(fc.uniqueArray(fc.constantFrom(...availableChannels), { minLength: 1 }), {
          nil: undefined,
          freq: 2,
        }),
        expiresAt: fc.option(time, { nil: undefined }),
        throttled: fc.option(fc.constant({ max: 1, windowMs: 1000 }), { nil: undefined, freq: 2 }),
        waited: fc.option(fc.constantFrom('frequency' as const, 'batch' as const, 'quiet_hours' as const), {
          nil: undefined,
        }),
        batch: fc.option(
          fc.record({
            key: fc.constant('7'),
            window_ms: fc.integer({ min: 1, max: 86_400_000 }),
            channels: fc.subarray([...availableChannels]),
          }),
          { nil: undefined },
        ),
        digest: fc.option(
          fc.record({ scope: fc.constant('all' as const), inApp: fc.boolean(), unreadOnly: fc.boolean() }),
          { nil: undefined },
        ),
      })
      .map(({ own, contacts: has, mandatory, ofCatalog, listed, digest, ...rest }) =>
        input({
          ...rest,
          type: { ...type, mandatory, frequency: ofCatalog, channels: [...new Set(listed)], ...(digest && { digest }) },
          recipient: { ...amina, contacts: has, preferences: own },
        }),
      );
    const holds = (check: (of: DecisionInput) => void) => fc.assert(fc.property(anything, check), { numRuns: 1_000 });

    it('it is the same for the same input, changes nothing that is handed in, and is what the contract says', () => {
      holds((of) => {
        const before = structuredClone(of);
        const result = decide(of);
        expect(decide(of)).toEqual(result);
        expect(of).toEqual(before);
        for (const ruling of result.channels) expect(channelDecisionSchema.strict().parse(ruling)).toEqual(ruling);
      });
    });

    it('it has one ruling per channel, and a delivery to a usable contact exactly for each that is sent', () => {
      holds((of) => {
        const { channels, deliveries } = decide(of);
        const decided = channels.map(({ channel }) => channel);
        expect(new Set(decided).size).toBe(decided.length);
        const named = of.onlyChannels ?? of.requestedChannels ?? of.type.channels;
        expect(decided).toEqual(expect.arrayContaining([...named]));
        if (of.onlyChannels || of.requestedChannels || of.type.mandatory)
          expect(decided).toHaveLength(new Set(named).size);
        expect(deliveries.map(({ channel }) => channel)).toEqual(
          channels.filter(({ outcome }) => outcome === 'send').map(({ channel }) => channel),
        );
        for (const { channel, address } of deliveries) {
          const found = of.recipient.contacts.find((one) => one.channel === channel && one.address === address);
          expect(channel === 'in_app' ? address : found?.suppressed).toBe(channel === 'in_app' ? 'amina' : null);
        }
        expect(new Set(deliveries.map(({ delivery_id }) => delivery_id)).size).toBe(deliveries.length);
      });
    });

    it('a mandatory type is dropped only as suppressed, without contact, expired or throttled, and never waits', () => {
      holds((of) => {
        if (!of.type.mandatory) return;
        for (const { outcome, rule } of decide(of).channels) {
          if (outcome === 'send') expect(rule).toBe('mandatory');
          else expect(['suppressed', 'no_contact', 'expired', 'throttled']).toContain(rule);
          expect(['defer', 'digest', 'batch']).not.toContain(outcome);
        }
      });
    });

    it('nothing waits in the inbox but for a digest, for the past, or past its deadline; nothing is sent that a throttle refused', () => {
      holds((of) => {
        for (const { channel, outcome, until } of decide(of).channels) {
          const waits = outcome !== 'send' && outcome !== 'drop';
          const reached = channel !== 'in_app' || (outcome === 'digest' && of.type.digest?.inApp === true);
          expect([waits, waits && reached && of.priority !== 'urgent']).toEqual([
            until !== undefined,
            until !== undefined,
          ]);
          if (of.waited) expect(outcome).not.toMatch(/digest|batch/);
          if (until === undefined) continue;
          expect(Date.parse(until)).toBeGreaterThan(of.now);
          if (of.expiresAt) expect(Date.parse(until)).toBeLessThan(Date.parse(of.expiresAt));
        }
        if (of.throttled) expect(decide(of).channels.every(({ outcome }) => outcome === 'drop')).toBe(true);
      });
    });

    it('what a recipient switched off, muted, or never wants is not sent there, except what is mandatory', () => {
      holds((of) => {
        if (of.type.mandatory) return;
        const own = of.recipient.preferences.types?.[type.key];
        for (const { channel, outcome } of decide(of).channels) {
          if (own?.[channel] === false) expect(outcome).toBe('drop');
          if (own?.muted_until && Date.parse(own.muted_until) > now) expect(outcome).toBe('drop');
          if (own?.frequency === 'never' && channel !== 'in_app' && of.priority !== 'urgent')
            expect(outcome).toBe('drop');
        }
      });
    });

    it('no address stands in a ruling', () => {
      holds((of) => expect(JSON.stringify(decide(of).channels)).not.toContain('address-'));
    });
  });
});
