import { availableChannels, type Channel, type DefaultPreferences } from '@carillon/contracts';
import type { Catalog } from '../catalog/catalog.ts';
import type { NotificationType } from '../catalog/notification-type.ts';
import {
  addedChannels,
  digestFor,
  frequencyFor,
  mostSpecific,
  quietHoursFor,
  switchesFor,
} from '../decisions/choice.ts';

/**
 * What holds for a recipient who chose nothing: the tenant's defaults over the catalog. A type's channel is on when an event that
 * names no channels would be sent there.
 *
 * @param now Unix milliseconds, as the tenant may have muted a type for a while
 */
export function defaultPreferences({ types, categories, defaults }: Catalog, now: number): DefaultPreferences {
  const ofEach = <T>(value: (channel: Channel) => T) =>
    Object.fromEntries(availableChannels.map((channel) => [channel, value(channel)]));
  const permitted = (channel: Channel, category: string) =>
    defaults.categories?.[category]?.[channel] ?? defaults.channels?.[channel] ?? true;

  const sent = (type: NotificationType) => {
    if (type.mandatory) return ofEach((channel) => type.channels.includes(channel));
    const mutedUntil = defaults.types?.[type.key]?.muted_until;
    if (mutedUntil !== undefined && Date.parse(mutedUntil) > now) return ofEach(() => false);
    const added = addedChannels(type, availableChannels, {}, defaults);
    return ofEach(
      (channel) =>
        (type.channels.includes(channel) || added.includes(channel)) &&
        (mostSpecific(switchesFor(channel, type.key, type.category, defaults)) ?? true),
    );
  };

  const { hour = 8, weekday = 'mon' } = digestFor({}, defaults);
  return {
    channels: ofEach((channel) => defaults.channels?.[channel] ?? true),
    categories: Object.fromEntries(
      [...categories].map((category) => [category, ofEach((channel) => permitted(channel, category))]),
    ),
    types: Object.fromEntries(
      [...types.values()].map((type) => [
        type.key,
        {
          category: type.category,
          mandatory: type.mandatory,
          frequency: type.mandatory ? 'immediate' : frequencyFor(type, type.category, {}, defaults).frequency,
          ...sent(type),
        },
      ]),
    ),
    frequency: defaults.frequency ?? 'immediate',
    quiet_hours: quietHoursFor({}, defaults),
    digest: { hour, weekday },
  };
}
