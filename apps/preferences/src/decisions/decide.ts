import {
  availableChannels,
  deliveryId,
  type Batch,
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
  /** With what similar ones it becomes one. */
  batch?: Batch;
  /** What the channels have waited for. Nothing waits for others twice; quiet hours may come after that. */
  waited?: 'frequency' | 'batch' | 'quiet_hours';
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
 * | 12 | frequency   | all but the inbox, mandatory and urgent    | never: drop; hourly, daily, weekly: digest, once         |
 * | 13 | batch       | the channels that the type batches, but for the inbox, mandatory and urgent | batch, once             |
 * | 14 | quiet_hours | all but the inbox, mandatory and urgent    | defer until they end                                     |
 * | 15 | expired     | what 12, 13 or 14 would have wait          | the deadline comes before: drop rather than send late    |
 * | 16 | throttled   | everything that is not dropped yet         | the throttle refused it: drop                            |
 *
 * Rule 12 holds for the inbox too where the type's digest takes its entries in.
 *
 * Measured for three channels: 5 µs, 6 µs with quiet hours, 20 µs where the hour of a digest is calculated.
 */
export function decide(input: DecisionInput): DecisionResult {
  const channels: ChannelDecision[] = [];
  const deliveries: PlannedDelivery[] = [];
  for (const channel of candidates(input)) {
    const contact = contactOn(channel, input.recipient);
    const inputs = factsOf(channel, contact, input);
    let ruling = wanted(channel, inputs, input);
    if (ruling.outcome === 'send') ruling = impossible(channel, inputs, input) ?? ruling;
    if (ruling.outcome === 'send' && mayWait(channel, input)) {
      const held = heldBack(channel, input);
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

function mayWait(channel: Channel, { type, priority }: DecisionInput): boolean {
  return (channel !== 'in_app' || type.digest?.inApp === true) && !type.mandatory && priority !== 'urgent';
}

/** Rules 12 to 15, with the facts they looked at. */
function heldBack(
  channel: Channel,
  input: DecisionInput,
): { ruling: Ruling | undefined; facts: Partial<DecisionInputs> } {
  const { type, category, recipient, defaults = {}, batch, waited, now } = input;
  const { preferences, time_zone } = recipient;
  const { frequency, by } = frequencyFor(type, category, preferences, defaults);
  const disturbs = channel !== 'in_app';
  const quietHours = disturbs ? quietHoursFor(preferences, defaults) : null;
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
    const ruling = disturbs ? drop('frequency', `${said} to send ${type.key} to the inbox only`) : undefined;
    return { facts, ruling };
  }
  if (frequency !== 'immediate' && !waited) {
    const at = nextDigest(frequency, digestFor(preferences, defaults), now, time_zone);
    const reason = `${said} to send ${type.key} ${frequency}: next at ${timeOf(at)}`;
    return { facts, ruling: wait('digest', 'frequency', at, reason, input) };
  }
  if (batch && disturbs && !waited && batch.channels?.includes(channel)) {
    const { key, window_ms, mode = 'fixed' } = batch;
    const reason = `the catalog has ${type.key} wait ${window_ms / 1000} s for similar ones by ${channel}`;
    return {
      facts: { ...facts, batch: { key, mode, window_ms } },
      ruling: wait('batch', 'batch', now + window_ms, reason, input),
    };
  }
  const end = quietHours ? quietUntil(quietHours, now, time_zone) : undefined;
  if (end === undefined) return { facts, ruling: undefined };
  const reason = `${recipient.id} has quiet hours until ${timeOf(end)}`;
  return { facts, ruling: wait('defer', 'quiet_hours', end, reason, input) };
}

function wait(
  outcome: 'defer' | 'digest' | 'batch',
  rule: Ruling['rule'],
  until: number,
  reason: string,
  { expiresAt }: DecisionInput,
): Ruling {
  if (expiresAt !== undefined && Date.parse(expiresAt) <= until) {
    return drop('expired', `it expires at ${expiresAt}, before it could be sent: ${reason}`);
  }
  return { outcome, rule, reason, until: timeOf(until) };
}

/** Rule 16. */
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
