import type { Channel, Preferences } from '@carillon/contracts';
import { mostSpecific, switchesFor } from '../decisions/choice.ts';
import { mergePreferences } from '../choices/merge-preferences.ts';

/** What is ended or resumed: a category on a channel, or everything on it. */
export interface SubscriptionChange {
  channel: Channel;
  /** null: everything. */
  category: string | null;
  on: boolean;
  /** The category of a type; undefined for one that does not exist (any more). */
  categoryOf: (type: string) => string | undefined;
}

/**
 * The preferences after somebody unsubscribed or subscribed again. What is more specific would win over the new switch, so a switch
 * that says the contrary is taken back; what was switched off by itself stays off when everything is resumed.
 */
export function withSubscription(
  before: Preferences,
  { channel, category, on, categoryOf }: SubscriptionChange,
): Preferences {
  const contrary = (table: 'categories' | 'types', concerned: (key: string) => boolean): object => {
    const keys = Object.entries<{ [C in Channel]?: boolean }>(before[table] ?? {})
      .filter(([key, switches]) => switches[channel] === !on && concerned(key))
      .map(([key]) => [key, { [channel]: null }]);
    return keys.length > 0 ? { [table]: Object.fromEntries(keys) } : {};
  };
  const everything = () => !on;
  const patch =
    category === null
      ? {
          channels: { [channel]: on },
          ...contrary('categories', everything),
          ...contrary('types', everything),
        }
      : {
          categories: { [category]: { [channel]: on } },
          ...contrary('types', (type) => categoryOf(type) === category),
        };
  return mergePreferences(before, patch) as Preferences;
}

/** Whether a category, and anything at all, is wanted on a channel, as the decision would see it of a type without switches. */
export function subscriptionOf(
  own: Preferences,
  defaults: Preferences,
  channel: Channel,
  category: string,
): { category_on: boolean; channel_on: boolean } {
  const on = ({ channels, categories }: Preferences) =>
    mostSpecific({ ...switchesFor(channel, '', category, { channels, categories }), type: undefined });
  return {
    category_on: on(own) ?? on(defaults) ?? true,
    channel_on: own.channels?.[channel] ?? defaults.channels?.[channel] ?? true,
  };
}
