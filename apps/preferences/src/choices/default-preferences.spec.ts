import { describe, expect, it } from '@jest/globals';
import {
  availableChannels,
  defaultPreferencesSchema,
  frequencies,
  type Channel,
  type Preferences,
} from '@carillon/contracts';
import fc from 'fast-check';
import { Catalog } from '../catalog/catalog.ts';
import type { NotificationType } from '../catalog/notification-type.ts';
import { decide } from '../decisions/decide.ts';
import { defaultPreferences } from './default-preferences.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const type = (key: string, more: Partial<NotificationType> = {}): NotificationType => ({
  key,
  category: 'billing',
  priority: 'normal',
  reminders: [],
  channels: ['in_app', 'email'],
  mandatory: false,
  on: [],
  origin: 'tenant',
  template: key,
  ...more,
});

describe('what holds for a recipient who chose nothing', () => {
  it('is the catalog, where the tenant has no defaults', () => {
    const catalog = new Catalog({
      types: [
        type('invoice'),
        type('code', { channels: ['sms'], mandatory: true, category: 'security', frequency: 'daily' }),
      ],
    });
    const all = { in_app: true, email: true, sms: true };
    expect(defaultPreferences(catalog, now)).toEqual({
      channels: all,
      categories: Object.fromEntries([...catalog.categories].map((category) => [category, all])),
      types: {
        invoice: {
          category: 'billing',
          mandatory: false,
          frequency: 'immediate',
          in_app: true,
          email: true,
          sms: false,
        },
        code: { category: 'security', mandatory: true, frequency: 'immediate', in_app: false, email: false, sms: true },
      },
      frequency: 'immediate',
      quiet_hours: null,
      digest: { hour: 8, weekday: 'mon' },
    });
  });

  it('is the tenant’s defaults over the catalog', () => {
    const catalog = new Catalog({
      types: [type('invoice'), type('news', { category: 'marketing', frequency: 'weekly' }), type('muted')],
      defaults: {
        channels: { sms: false },
        categories: { marketing: { email: false, sms: true } },
        types: { invoice: { sms: true }, muted: { muted_until: '2027-01-01T00:00:00Z' } },
        quiet_hours: { start: '22:00', end: '07:00' },
        digest: { hour: 18 },
      },
    });
    expect(defaultPreferences(catalog, now)).toMatchObject({
      channels: { in_app: true, email: true, sms: false },
      categories: { billing: { sms: false }, marketing: { email: false, sms: true } },
      types: {
        invoice: { in_app: true, email: true, sms: true },
        news: { in_app: true, email: false, sms: false, frequency: 'weekly' },
        muted: { in_app: false, email: false, sms: false },
      },
      quiet_hours: { start: '22:00', end: '07:00' },
      digest: { hour: 18, weekday: 'mon' },
    });
  });

  it('is what is then decided, whatever the catalog and the defaults', () => {
    const switches = fc.dictionary(fc.constantFrom(...availableChannels), fc.boolean());
    const defaults = fc.record(
      {
        channels: switches,
        categories: fc.record({ billing: switches }),
        types: fc.record({
          invoice: fc
            .tuple(
              switches,
              fc.constantFrom({}, { muted_until: '2026-11-20T00:00:00Z' }, { muted_until: '2026-11-22T00:00:00Z' }),
            )
            .map(([channels, more]) => ({ ...channels, ...more })),
        }),
        frequency: fc.constantFrom(...frequencies),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Preferences>;
    const listed = fc.uniqueArray(fc.constantFrom(...availableChannels), { minLength: 1 });
    fc.assert(
      fc.property(defaults, listed, fc.boolean(), (given, channels, mandatory) => {
        const invoice = type('invoice', { channels, mandatory });
        const shown = defaultPreferences(new Catalog({ types: [invoice], defaults: given }), now);
        expect(defaultPreferencesSchema.parse(shown)).toEqual(shown);
        const contact = (channel: Channel) =>
          ({ channel, address: 'a', label: null, verified: true, primary: true, suppressed: null }) as const;
        const sent = decide({
          notificationId: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
          type: invoice,
          category: invoice.category,
          // So that no frequency stands between.
          priority: 'urgent',
          recipient: {
            id: 'amina',
            name: null,
            locale: 'en',
            time_zone: 'UTC',
            contacts: [contact('email'), contact('sms')],
            preferences: {},
          },
          defaults: given,
          now,
        }).deliveries.map(({ channel }) => channel);
        for (const channel of availableChannels)
          expect([channel, shown.types.invoice![channel]]).toEqual([channel, sent.includes(channel)]);
      }),
    );
  });
});
