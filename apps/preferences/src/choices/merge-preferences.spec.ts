import { describe, expect, it } from '@jest/globals';
import type { Preferences } from '@carillon/contracts';
import fc from 'fast-check';
import { mergePreferences } from './merge-preferences.ts';

const switches = fc.dictionary(fc.constantFrom('email', 'sms', 'in_app'), fc.boolean());
const table = fc.dictionary(fc.constantFrom('billing', 'account'), switches);
const preferences = fc.record(
  {
    channels: switches,
    categories: table,
    types: table,
    frequency: fc.constantFrom('daily', 'never'),
    quiet_hours: fc.constantFrom(
      null,
      { start: '22:00', end: '07:00' },
      { start: '13:00', end: '14:00', days: ['sun'] },
    ),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Preferences>;

describe('merging preferences', () => {
  it('changes the switches it mentions and no others', () => {
    const before: Preferences = { channels: { email: false, sms: true }, categories: { billing: { sms: false } } };
    expect(mergePreferences(before, { channels: { sms: false }, categories: { billing: { email: true } } })).toEqual({
      channels: { email: false, sms: false },
      categories: { billing: { sms: false, email: true } },
    });
  });

  it('takes choices back with null, at every level', () => {
    const before: Preferences = {
      channels: { email: false, sms: true },
      categories: { billing: { sms: false }, account: { sms: false } },
      types: { welcome: { email: false, frequency: 'daily', muted_until: '2026-12-01T00:00:00Z' } },
      frequency: 'weekly',
      digest: { hour: 9, weekday: 'fri' },
      quiet_hours: { start: '22:00', end: '07:00', days: ['sat'] },
    };
    const patch = {
      channels: { email: null },
      categories: { billing: null },
      types: { welcome: { muted_until: null, frequency: null } },
      frequency: null,
      digest: { hour: null },
      quiet_hours: { days: null, start: '23:00' },
    };
    expect(mergePreferences(before, patch)).toEqual({
      channels: { sms: true },
      categories: { account: { sms: false } },
      types: { welcome: { email: false } },
      digest: { weekday: 'fri' },
      quiet_hours: { start: '23:00', end: '07:00' },
    });
    expect(mergePreferences(before, { channels: null, categories: null, types: null, digest: null })).toEqual({
      frequency: 'weekly',
      quiet_hours: before.quiet_hours,
    });
  });

  it('keeps null for quiet hours, as none is a choice', () => {
    expect(mergePreferences({ quiet_hours: { start: '22:00', end: '07:00' } }, { quiet_hours: null })).toEqual({
      quiet_hours: null,
    });
  });

  it('is idempotent, changes nothing with an empty patch, and leaves its arguments alone', () => {
    fc.assert(
      fc.property(preferences, preferences, (before, change) => {
        const copies = structuredClone([before, change]);
        const once = mergePreferences(before, change);
        expect(mergePreferences(once as Preferences, change)).toEqual(once);
        expect(mergePreferences(before, {})).toEqual(before);
        expect([before, change]).toEqual(copies);
      }),
    );
  });
});
