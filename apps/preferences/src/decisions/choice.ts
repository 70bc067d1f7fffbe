import { digestType, type Channel, type Frequency, type Preferences, type QuietHours } from '@carillon/contracts';
import type { NotificationType } from '../catalog/notification-type.ts';

/** The switches that say something about a channel, from the most specific to the most general; undefined where none is set. */
export interface Switches {
  type: boolean | undefined;
  category: boolean | undefined;
  channel: boolean | undefined;
}

export function switchesFor(
  channel: Channel,
  typeKey: string,
  category: string,
  { types, categories, channels }: Preferences,
): Switches {
  return {
    type: types?.[typeKey]?.[channel],
    category: categories?.[category]?.[channel],
    channel: channels?.[channel],
  };
}

/** The most specific switch that is set. */
export function mostSpecific({ type, category, channel }: Switches): boolean | undefined {
  return type ?? category ?? channel;
}

/** The channels that are switched on for a type itself, besides those that it lists. */
export function addedChannels(
  { key, channels }: Pick<NotificationType, 'key' | 'channels'>,
  available: readonly Channel[],
  own: Preferences,
  defaults: Preferences,
): Channel[] {
  const chosen = own.types?.[key];
  const given = defaults.types?.[key];
  if (!chosen && !given) return [];
  return available.filter((channel) => (chosen?.[channel] ?? given?.[channel]) === true && !channels.includes(channel));
}

/** How often, and who says so. */
export interface ChosenFrequency {
  frequency: Frequency;
  by: 'recipient' | 'tenant' | 'catalog';
}

/** The recipient's for the type, for its category, for everything; the tenant's likewise; the catalog's; at once. */
export function frequencyFor(
  { key, frequency }: Pick<NotificationType, 'key' | 'frequency'>,
  category: string,
  own: Preferences,
  defaults: Preferences,
): ChosenFrequency {
  // A digest comes when it is due, however often anything else does.
  if (key === digestType) return { frequency: 'immediate', by: 'catalog' };
  const of = ({ types, categories, frequency: all }: Preferences) =>
    types?.[key]?.frequency ?? categories?.[category]?.frequency ?? all;
  const chosen = of(own);
  if (chosen !== undefined) return { frequency: chosen, by: 'recipient' };
  const given = of(defaults);
  if (given !== undefined) return { frequency: given, by: 'tenant' };
  return { frequency: frequency ?? 'immediate', by: 'catalog' };
}

/** The recipient's own, where `null` means none; otherwise the tenant's. */
export function quietHoursFor(own: Preferences, defaults: Preferences): QuietHours | null {
  return (own.quiet_hours === undefined ? defaults.quiet_hours : own.quiet_hours) ?? null;
}

/** Hour and weekday, each the recipient's own or otherwise the tenant's. */
export function digestFor(own: Preferences, defaults: Preferences): NonNullable<Preferences['digest']> {
  return {
    hour: own.digest?.hour ?? defaults.digest?.hour,
    weekday: own.digest?.weekday ?? defaults.digest?.weekday,
  };
}
