import { channels, type Preferences } from '@carillon/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { subscriptionOf, withSubscription } from './subscription.ts';

const categoryOf = (type: string) => ({ offer: 'marketing', news: 'marketing', invoice: 'billing' })[type];
const change = (before: Preferences, category: string | null, on: boolean) =>
  withSubscription(before, { channel: 'email', category, on, categoryOf });

const switches = fc.dictionary(fc.constantFrom(...channels), fc.boolean());
const preferences = fc.record({
  channels: switches,
  categories: fc.dictionary(fc.constantFrom('marketing', 'billing'), switches),
  types: fc.dictionary(fc.constantFrom('offer', 'news', 'invoice', 'gone'), switches),
}) as fc.Arbitrary<Preferences>;
const wanted = (of: Preferences, type: string, category: string) =>
  of.types?.[type]?.email ?? of.categories?.[category]?.email ?? of.channels?.email;

describe('whoever unsubscribes', () => {
  it('gets nothing of the category any more, whatever was switched on for its types', () => {
    fc.assert(
      fc.property(preferences, (before) => {
        const after = change(before, 'marketing', false);
        for (const type of ['offer', 'news']) expect(wanted(after, type, 'marketing')).toBe(false);
        expect(wanted(after, 'invoice', 'billing')).toBe(wanted(before, 'invoice', 'billing'));
        expect(after.types?.gone).toEqual(before.types?.gone);
      }),
    );
  });

  it('gets nothing at all after that was asked for', () => {
    fc.assert(
      fc.property(preferences, (before) => {
        const after = change(before, null, false);
        for (const [type, category] of [
          ['offer', 'marketing'],
          ['invoice', 'billing'],
          ['gone', 'other'],
        ])
          expect(wanted(after, type!, category!)).toBe(false);
        expect(subscriptionOf(after, {}, 'email', 'billing')).toEqual({ category_on: false, channel_on: false });
      }),
    );
  });

  it('keeps everything on other channels, and can do it twice', () => {
    fc.assert(
      fc.property(preferences, fc.constantFrom('marketing', null), fc.boolean(), (before, category, on) => {
        const after = change(before, category, on);
        const others = (of: Preferences) =>
          JSON.stringify([of.channels, of.categories, of.types], (key, value) => (key === 'email' ? undefined : value));
        const untouched = { ...before, categories: { ...(category && { [category]: {} }), ...before.categories } };
        expect(JSON.parse(others(after))).toEqual(JSON.parse(others(untouched)));
        expect(change(after, category, on)).toEqual(after);
      }),
    );
  });

  it('gets it again after subscribing, also after everything was ended', () => {
    fc.assert(
      fc.property(preferences, (before) => {
        const after = change(change(before, null, false), 'marketing', true);
        for (const type of ['offer', 'news']) expect(wanted(after, type, 'marketing')).toBe(true);
        expect(wanted(after, 'invoice', 'billing')).toBe(false);
        expect(subscriptionOf(after, {}, 'email', 'marketing')).toEqual({ category_on: true, channel_on: false });
      }),
    );
  });

  it('does not get what was switched off by itself when everything is resumed', () => {
    const before: Preferences = { channels: { email: false }, categories: { marketing: { email: false } } };
    expect(change(before, null, true)).toEqual({
      channels: { email: true },
      categories: { marketing: { email: false } },
    });
  });
});

describe('whether a category is wanted', () => {
  it('is what the recipient chose, or what the tenant presumes, or yes', () => {
    expect(subscriptionOf({}, {}, 'email', 'billing')).toEqual({ category_on: true, channel_on: true });
    expect(subscriptionOf({}, { categories: { billing: { email: false } } }, 'email', 'billing')).toEqual({
      category_on: false,
      channel_on: true,
    });
    expect(
      subscriptionOf({ channels: { email: true } }, { categories: { billing: { email: false } } }, 'email', 'billing'),
    ).toEqual({ category_on: true, channel_on: true });
  });
});
