import { deliveryId, type Channel, type ChannelDecision, type Priority } from '@carillon/contracts';
import type { NotificationType } from '../catalog/notification-type.ts';
import { quietUntil } from '../quiet-hours/quiet-until.ts';
import { addressOn, type KnownRecipient } from '../recipients/recipient.ts';

export interface DecisionInput {
  notificationId: string;
  type: NotificationType;
  /** May differ from the type's own, when the event says so. */
  category: string;
  priority: Priority;
  recipient: KnownRecipient;
  /** Channels that the event asks for instead of the type's defaults. */
  requestedChannels?: readonly Channel[];
  /** Decide only these of the candidates: those that were deferred. */
  onlyChannels?: readonly Channel[];
  /** RFC 3339 */
  expiresAt?: string;
  /** Unix milliseconds */
  now: number;
}

export interface PlannedDelivery {
  delivery_id: string;
  channel: Channel;
  address: string;
}

export interface DecisionResult {
  channels: ChannelDecision[];
  deliveries: PlannedDelivery[];
}

type Ruling = Omit<ChannelDecision, 'channel'>;

/**
 * Decides, for every candidate channel, whether the notification goes there, and says which rule decided. The first rule
 * that has an opinion wins:
 *
 * | rule                | opinion                                             |
 * |---------------------|-----------------------------------------------------|
 * | expired             | the deadline has passed: drop                       |
 * | mandatory           | the type is mandatory: send, whatever the switches  |
 * | type_preference     | the recipient's switch for type × channel           |
 * | category_preference | the recipient's switch for category × channel       |
 * | channel_preference  | the recipient's master switch for the channel       |
 * | requested           | the event names the channel: send                   |
 * | catalog_default     | the catalog lists the channel: send                 |
 *
 * A channel that is to be sent to but has no contact is dropped as `no_contact`. What is left waits for the end of the
 * recipient's quiet hours (`quiet_hours`), except for the inbox, mandatory types and urgent notifications; if it expires
 * before, it is dropped as `expired` rather than sent late.
 */
export function decide(input: DecisionInput): DecisionResult {
  const channels: ChannelDecision[] = [];
  const deliveries: PlannedDelivery[] = [];
  for (const channel of new Set(input.requestedChannels ?? input.type.channels)) {
    if (input.onlyChannels && !input.onlyChannels.includes(channel)) continue;
    const wanted = rule(channel, input);
    const address = wanted.outcome === 'send' ? addressOn(channel, input.recipient) : undefined;
    const ruling =
      wanted.outcome === 'send'
        ? (unreachable(channel, address, input) ?? disturbing(channel, input) ?? wanted)
        : wanted;
    channels.push({ channel, ...ruling });
    if (ruling.outcome === 'send') {
      deliveries.push({ delivery_id: deliveryId(input.notificationId, channel, address!), channel, address: address! });
    }
  }
  return { channels, deliveries };
}

function unreachable(channel: Channel, address: string | undefined, { recipient }: DecisionInput): Ruling | undefined {
  if (address !== undefined) return undefined;
  return { outcome: 'drop', rule: 'no_contact', reason: `${recipient.id} has no ${channel} contact` };
}

function disturbing(
  channel: Channel,
  { recipient, type, priority, expiresAt, now }: DecisionInput,
): Ruling | undefined {
  const quietHours = recipient.preferences.quiet_hours;
  if (!quietHours || channel === 'in_app' || type.mandatory || priority === 'urgent') return undefined;
  const end = quietUntil(quietHours, now, recipient.time_zone);
  if (end === undefined) return undefined;
  const until = new Date(end).toISOString();
  if (expiresAt !== undefined && Date.parse(expiresAt) <= end) {
    return {
      outcome: 'drop',
      rule: 'expired',
      reason: `it expires at ${expiresAt}, before the quiet hours end at ${until}`,
    };
  }
  return { outcome: 'defer', rule: 'quiet_hours', reason: `${recipient.id} has quiet hours until ${until}`, until };
}

function rule(
  channel: Channel,
  { type, category, recipient, requestedChannels, expiresAt, now }: DecisionInput,
): Ruling {
  const { preferences } = recipient;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) {
    return { outcome: 'drop', rule: 'expired', reason: `it expired at ${expiresAt}` };
  }
  if (type.mandatory) return { outcome: 'send', rule: 'mandatory', reason: `${type.key} is mandatory` };
  const switches = [
    ['type_preference', `${type.key} by ${channel}`, preferences.types?.[type.key]?.[channel]],
    ['category_preference', `${category} by ${channel}`, preferences.categories?.[category]?.[channel]],
    ['channel_preference', channel, preferences.channels?.[channel]],
  ] as const;
  for (const [name, what, on] of switches) {
    if (on !== undefined) {
      return {
        outcome: on ? 'send' : 'drop',
        rule: name,
        reason: `${recipient.id} switched ${what} ${on ? 'on' : 'off'}`,
      };
    }
  }
  return requestedChannels
    ? { outcome: 'send', rule: 'requested', reason: `the event asks for ${channel}` }
    : { outcome: 'send', rule: 'catalog_default', reason: `${type.key} is sent by ${channel} by default` };
}
