import {
  availableChannels,
  deliveryId,
  type Channel,
  type ChannelDecision,
  type DecisionInputs,
  type Preferences,
  type Priority,
} from '@carillon/contracts';
import { nextDigest } from '@carillon/time';
import type { NotificationType } from '../catalog/notification-type.ts';
import { quietUntil } from '../quiet-hours/quiet-until.ts';
import { contactOn, type KnownRecipient } from '../recipients/recipient.ts';
import { addedChannels, digestFor, frequencyFor, mostSpecific, quietHoursFor, switchesFor } from './choice.ts';

export interface DecisionInput {
  notificationId: string;
  type: NotificationType;
  /** May differ from the type's own, when the event says so. */
  category: string;
  priority: Priority;
  recipient: KnownRecipient;
  /** What the tenant chose for recipients who did not. */
  defaults?: Preferences;
  /** Channels that the event asks for instead of the type's defaults. */
  requestedChannels?: readonly Channel[];
  /** Decide these and no others: those that were deferred, even where nothing would name them now. */
  onlyChannels?: readonly Channel[];
  /** RFC 3339 */
  expiresAt?: string;
  /** The throttle refused it; its limit. */
  throttled?: { max: number; windowMs: number };
  /** What the channels have waited for. A frequency makes nothing wait twice; quiet hours may come after it. */
  waited?: 'frequency' | 'quiet_hours';
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

type Ruling = Omit<ChannelDecision, 'channel' | 'inputs'>;

/**
 * Decides, for every candidate channel, whether the notification goes there, and says which rule decided and what it looked at.
 * Candidates are the channels that the event names; where it names none, the type's own and those that the recipient, or the
 * tenant's defaults, switched on for this very type. A switch for a category or for everything permits a channel but adds none:
 * "SMS: on" does not mean that everything is wanted by SMS.
 *
 * The first rule that has an opinion says what is wanted:
 *
 * |   | rule                | its opinion                                                                     |
 * |---|---------------------|---------------------------------------------------------------------------------|
 * | 1 | suppressed          | the channel has contacts, but all are suppressed: drop, mandatory or not        |
 * | 2 | mandatory           | the type is mandatory: send, whatever was switched off or muted                 |
 * | 3 | muted               | the recipient muted the type and the time has not come: drop                    |
 * | 4 | type_preference     | the recipient's switch for type × channel                                       |
 * | 5 | category_preference | the recipient's switch for category × channel                                   |
 * | 6 | channel_preference  | the recipient's master switch for the channel                                   |
 * | 7 | tenant_default      | the same of the tenant's defaults, in the same order: mute, type, category, channel |
 * | 8 | requested           | the event names the channel: send                                               |
 * | 9 | catalog_default     | the type lists the channel: send; it does not (any more): drop                  |
 *
 * The tenant's defaults stand above the channels that an event names: they are what the recipient is taken to have chosen, and
 * what somebody chose is not overruled by a sender. Only a mandatory type is.
 *
 * What is wanted must still pass, in this order:
 *
 * |    | rule        | holds for                                  | its opinion                                              |
 * |----|-------------|--------------------------------------------|----------------------------------------------------------|
 * | 10 | expired     | everything                                 | the deadline has passed: drop                            |
 * | 11 | no_contact  | all but the inbox                          | there is none: drop                                      |
 * | 12 | frequency   | all but the inbox, mandatory and urgent    | never: drop; hourly, daily, weekly: defer, once          |
 * | 13 | quiet_hours | all but the inbox, mandatory and urgent    | defer until they end                                     |
 * | 14 | expired     | what 12 or 13 defer                        | the deadline comes before: drop rather than send late    |
 * | 15 | throttled   | everything that is still sent or deferred  | the throttle refused it: drop                            |
 *
 * Measured for three channels: 5 µs, 6 µs with quiet hours, 20 µs where the hour of a digest is calculated.
 */
export function decide(input: DecisionInput): DecisionResult {
  const channels: ChannelDecision[] = [];
  const deliveries: PlannedDelivery[] = [];
  let held: ReturnType<typeof heldBack> | undefined;
  for (const channel of candidates(input)) {
    const contact = contactOn(channel, input.recipient);
    const inputs = factsOf(channel, contact, input);
    let ruling = wanted(channel, inputs, input);
    if (ruling.outcome === 'send') ruling = impossible(channel, inputs, input) ?? ruling;
    if (ruling.outcome === 'send' && disturbs(channel, input)) {
      held ??= heldBack(input);
      Object.assign(inputs, held.facts);
      ruling = held.ruling ?? ruling;
    }
    if (ruling.outcome !== 'drop' && input.throttled) ruling = throttled(input.throttled, inputs, input);
    channels.push({ channel, ...ruling, inputs });
    if (ruling.outcome === 'send') {
      const { address } = contact as { address: string };
      deliveries.push({ delivery_id: deliveryId(input.notificationId, channel, address), channel, address });
    }
  }
  return { channels, deliveries };
}

/** The channels about which something is decided. */
export function candidates({
  type,
  requestedChannels,
  onlyChannels,
  recipient,
  defaults = {},
}: Pick<DecisionInput, 'type' | 'requestedChannels' | 'onlyChannels' | 'recipient' | 'defaults'>): Set<Channel> {
  if (onlyChannels) return new Set(onlyChannels);
  if (requestedChannels) return new Set(requestedChannels);
  if (type.mandatory) return new Set(type.channels);
  return new Set([...type.channels, ...addedChannels(type, availableChannels, recipient.preferences, defaults)]);
}

function factsOf(
  channel: Channel,
  contact: ReturnType<typeof contactOn>,
  { type, category, priority, recipient, defaults, requestedChannels, expiresAt, now }: DecisionInput,
): DecisionInputs {
  const { preferences } = recipient;
  const own = switchesFor(channel, type.key, category, preferences);
  const mutedUntil = preferences.types?.[type.key]?.muted_until;
  return {
    mandatory: type.mandatory,
    priority,
    contact: typeof contact === 'string' ? contact : 'usable',
    type_preference: own.type ?? null,
    category_preference: own.category ?? null,
    channel_preference: own.channel ?? null,
    tenant_default: (defaults && mostSpecific(switchesFor(channel, type.key, category, defaults))) ?? null,
    requested: requestedChannels !== undefined,
    ...((expiresAt ?? mutedUntil) !== undefined && { at: timeOf(now) }),
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
    ...(mutedUntil !== undefined && { muted_until: mutedUntil }),
  };
}

/** Rules 1 to 9. */
function wanted(channel: Channel, facts: DecisionInputs, input: DecisionInput): Ruling {
  const { type, category, recipient, defaults, requestedChannels, now } = input;
  if (facts.contact === 'suppressed') {
    const why = recipient.contacts.flatMap((contact) => (contact.channel === channel ? [contact.suppressed] : []));
    return drop(
      'suppressed',
      `every ${channel} contact of ${recipient.id} is suppressed (${[...new Set(why)].join(', ')})`,
    );
  }
  if (type.mandatory) return send('mandatory', `${type.key} is mandatory`);
  if (isAhead(facts.muted_until, now))
    return drop('muted', `${recipient.id} muted ${type.key} until ${facts.muted_until}`);
  const switches = [
    ['type_preference', `${type.key} by ${channel}`],
    ['category_preference', `${category} by ${channel}`],
    ['channel_preference', channel],
  ] as const;
  for (const [rule, what] of switches) {
    const on = facts[rule];
    if (on !== null) return (on ? send : drop)(rule, `${recipient.id} switched ${what} ${on ? 'on' : 'off'}`);
  }
  const muted = defaults?.types?.[type.key]?.muted_until;
  if (isAhead(muted, now)) return drop('tenant_default', `the tenant muted ${type.key} until ${muted}`);
  if (facts.tenant_default !== null) {
    const on = facts.tenant_default;
    return (on ? send : drop)(
      'tenant_default',
      `the tenant has ${type.key} by ${channel} ${on ? 'on' : 'off'} by default`,
    );
  }
  if (requestedChannels?.includes(channel)) return send('requested', `the event asks for ${channel}`);
  const listed = type.channels.includes(channel);
  return (listed ? send : drop)(
    'catalog_default',
    `${type.key} is ${listed ? '' : 'not '}sent by ${channel} by default`,
  );
}

/** Rules 10 and 11. */
function impossible(
  channel: Channel,
  { contact }: DecisionInputs,
  { recipient, expiresAt, now }: DecisionInput,
): Ruling | undefined {
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return drop('expired', `it expired at ${expiresAt}`);
  if (contact === 'none') return drop('no_contact', `${recipient.id} has no ${channel} contact`);
  return undefined;
}

function disturbs(channel: Channel, { type, priority }: DecisionInput): boolean {
  return channel !== 'in_app' && !type.mandatory && priority !== 'urgent';
}

/** Rules 12 to 14, which say the same of every channel that disturbs, with the facts they looked at. */
function heldBack(input: DecisionInput): { ruling: Ruling | undefined; facts: Partial<DecisionInputs> } {
  const { type, recipient, defaults = {}, waited, now } = input;
  const { preferences, time_zone } = recipient;
  const { frequency, by } = frequencyFor(type, preferences, defaults);
  const quietHours = quietHoursFor(preferences, defaults);
  const facts = {
    ...((frequency !== 'immediate' || quietHours) && { at: timeOf(now), time_zone }),
    ...(frequency !== 'immediate' && { frequency }),
    ...(quietHours && { quiet_hours: quietHours }),
    ...(waited && { waited }),
  };
  const said = { recipient: `${recipient.id} chose`, tenant: 'the tenant’s default is', catalog: 'the catalog says' }[
    by
  ];
  if (frequency === 'never') {
    return { facts, ruling: drop('frequency', `${said} to send ${type.key} to the inbox only`) };
  }
  if (frequency !== 'immediate' && !waited) {
    const at = nextDigest(frequency, digestFor(preferences, defaults), now, time_zone);
    return {
      facts,
      ruling: defer('frequency', at, `${said} to send ${type.key} ${frequency}: next at ${timeOf(at)}`, input),
    };
  }
  const end = quietHours ? quietUntil(quietHours, now, time_zone) : undefined;
  if (end === undefined) return { facts, ruling: undefined };
  return { facts, ruling: defer('quiet_hours', end, `${recipient.id} has quiet hours until ${timeOf(end)}`, input) };
}

function defer(rule: Ruling['rule'], until: number, reason: string, { expiresAt }: DecisionInput): Ruling {
  if (expiresAt !== undefined && Date.parse(expiresAt) <= until) {
    return drop('expired', `it expires at ${expiresAt}, before it could be sent: ${reason}`);
  }
  return { outcome: 'defer', rule, reason, until: timeOf(until) };
}

/** Rule 15. */
function throttled(
  { max, windowMs }: NonNullable<DecisionInput['throttled']>,
  facts: DecisionInputs,
  { type, recipient }: DecisionInput,
): Ruling {
  facts.throttle = { max, window_ms: windowMs };
  return drop('throttled', `${recipient.id} gets at most ${max} of ${type.key} in ${windowMs / 1000} s`);
}

const send = (rule: Ruling['rule'], reason: string): Ruling => ({ outcome: 'send', rule, reason });
const drop = (rule: Ruling['rule'], reason: string): Ruling => ({ outcome: 'drop', rule, reason });

const isAhead = (time: string | undefined, now: number) => time !== undefined && Date.parse(time) > now;
const timeOf = (ms: number) => new Date(ms).toISOString();
