import { deliveryId, type Channel, type ChannelDecision } from '@carillon/contracts';
import type { NotificationType } from '../catalog/notification-type.ts';
import { addressOn, type KnownRecipient } from '../recipients/recipient.ts';

export interface DecisionInput {
  notificationId: string;
  type: NotificationType;
  /** May differ from the type's own, when the event says so. */
  category: string;
  recipient: KnownRecipient;
  /** Channels that the event asks for instead of the type's defaults. */
  requestedChannels?: readonly Channel[];
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

type Ruling = Pick<ChannelDecision, 'outcome' | 'rule' | 'reason'>;

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
 * A channel that is to be sent to but has no contact is dropped as `no_contact`.
 */
export function decide(input: DecisionInput): DecisionResult {
  const channels: ChannelDecision[] = [];
  const deliveries: PlannedDelivery[] = [];
  for (const channel of new Set(input.requestedChannels ?? input.type.channels)) {
    const ruling = rule(channel, input);
    const address = ruling.outcome === 'send' ? addressOn(channel, input.recipient) : undefined;
    if (ruling.outcome === 'send' && address === undefined) {
      channels.push({
        channel,
        outcome: 'drop',
        rule: 'no_contact',
        reason: `${input.recipient.id} has no ${channel} contact`,
      });
      continue;
    }
    channels.push({ channel, ...ruling });
    if (address !== undefined) {
      deliveries.push({ delivery_id: deliveryId(input.notificationId, channel, address), channel, address });
    }
  }
  return { channels, deliveries };
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
