import { describe, expect, it } from '@jest/globals';
import type { Preferences } from '@carillon/contracts';
import fc from 'fast-check';
import { Catalog } from '../catalog/catalog.ts';
import { checkPreferences, mergePreferences } from './merge-preferences.ts';

const switches = fc.dictionary(fc.constantFrom('email', 'sms', 'in_app'), fc.boolean());
const table = fc.dictionary(fc.constantFrom('billing', 'account'), switches);
const preferences = fc.record(
  { channels: switches, categories: table, types: table },
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

  it('is idempotent, changes nothing with an empty change, and leaves its arguments alone', () => {
    fc.assert(
      fc.property(preferences, preferences, (before, change) => {
        const copies = structuredClone([before, change]);
        const once = mergePreferences(before, change);
        expect(mergePreferences(once, change)).toEqual(once);
        expect(mergePreferences(before, {})).toEqual(before);
        expect([before, change]).toEqual(copies);
      }),
    );
  });
});

describe('preferences', () => {
  it('are refused when they name a category or a type that does not exist', () => {
    const check = (input: Preferences) => () => checkPreferences(input, new Catalog());
    expect(check({ categories: { billing: {} }, types: { welcome: {} } })).not.toThrow();
    expect(check({ categories: { bills: {} } })).toThrow(
      'categories.bills: is not a category; use one of account, billing',
    );
    expect(check({ types: { __proto__x: {} } })).toThrow('types.__proto__x: is not a notification type');
  });
});
