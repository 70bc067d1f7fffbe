import {
  audienceLaneOf,
  type Batch,
  laneOf,
  notificationDeferred,
  notificationId,
  timeOfId,
  uuidv8,
  type Channel,
  type ChunkRouted,
  type CloudEvent,
  type DigestItem,
  type EventRequest,
  type Grouped,
  type NotificationDeferred,
  type NotificationRouted,
  type Preferences,
  type Priority,
  type TimerSet,
  type WaitingChannel,
} from '@carillon/contracts';
import { adHocType } from '../catalog/built-in-types.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { NotificationType } from '../catalog/notification-type.ts';
import type { DigestFrequency } from '@carillon/time';
import { digestFor } from '../decisions/choice.ts';
import type { DecisionInput, DecisionResult, PlannedDelivery } from '../decisions/decide.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import type { NewNotification } from './notification-store.ts';

/** An event that is recorded, on its way to its notifications. */
export interface DecidedEvent {
  tenant: string;
  /** Of the record. */
  id: string;
  /** As the domain called it. */
  type: string;
  source: string;
  /** With an audience, where it goes to one. */
  request: EventRequest;
  /** With what its notifications become one. */
  batch?: Batch;
  /** The similar ones that it stands for. */
  grouped?: Grouped;
}

/** What a notification is before anything is decided about it. */
export type NotificationFacts = Omit<NewNotification, keyof DecisionResult> & { priority: Priority };

export function notificationOf(
  { tenant, id, type: eventType, source, request }: DecidedEvent,
  type: NotificationType,
  recipient: string,
): NotificationFacts {
  const ofEvent = notificationId(id, type.key, recipient);
  return {
    tenant,
    recipient,
    id: ofEvent,
    event_id: id,
    event_type: eventType,
    event_source: source,
    type: type.key,
    category: request.category ?? type.category,
    priority: request.priority ?? type.priority,
    created_at: new Date(timeOfId(ofEvent)).toISOString(),
  };
}

/** @param now Unix milliseconds */
export function inputOf(
  { id, category, priority }: NotificationFacts,
  { request, batch }: DecidedEvent,
  type: NotificationType,
  { defaults }: Pick<Catalog, 'defaults'>,
  recipient: KnownRecipient,
  now: number,
): DecisionInput {
  return {
    notificationId: id,
    type,
    category,
    priority,
    recipient,
    defaults,
    requestedChannels: request.channels,
    expiresAt: request.expires_at,
    batch,
    now,
  };
}

/** What the renderer is told. @param digests channels on which it waits for a digest */
export function routedOf(
  { id: eventRecordId, type: eventType, source, request, batch, grouped }: DecidedEvent,
  { id, category, priority, created_at }: NotificationFacts,
  type: NotificationType,
  catalog: Pick<Catalog, 'version' | 'trackingOf'>,
  { id: recipient, name, locale, time_zone }: KnownRecipient,
  deliveries: PlannedDelivery[],
  digests: WaitingChannel[] = [],
): NotificationRouted {
  return {
    notification_id: id,
    event: { id: eventRecordId, type: eventType, source },
    type: type.key,
    ...(type.template !== type.key && { template: type.template }),
    ...(type.origin === 'tenant' && { catalog_version: catalog.version }),
    category,
    ...(type.mandatory && { mandatory: true }),
    tracking: catalog.trackingOf(category),
    priority,
    lane: request.audience ? audienceLaneOf(priority) : laneOf(priority),
    recipient: { id: recipient, name, locale, time_zone },
    deliveries,
    ...(digests.length > 0 && { digests }),
    ...(grouped && { grouped }),
    data: request.data ?? {},
    content: request.content,
    actor: request.actor,
    correlation_key: request.correlation_key,
    metadata: request.metadata,
    ...(batch && becomesOneInInbox(batch) && { batch }),
    expires_at: request.expires_at,
    created_at,
  };
}

function becomesOneInInbox({ channels = ['in_app'] }: Batch): boolean {
  return channels.includes('in_app');
}

/** What the renderer is told of many at once. @param reached at least one; all of the same event and type */
export function chunkOf(
  event: DecidedEvent,
  type: NotificationType,
  catalog: Pick<Catalog, 'version' | 'trackingOf'>,
  reached: readonly {
    recipient: KnownRecipient;
    notification: NotificationFacts;
    decision: DecisionResult;
    digests: WaitingChannel[];
  }[],
): ChunkRouted {
  const [first] = reached as [(typeof reached)[number]];
  const {
    notification_id: _,
    recipient: __,
    deliveries: ___,
    digests: ____,
    ...shared
  } = routedOf(event, first.notification, type, catalog, first.recipient, first.decision.deliveries);
  return {
    ...shared,
    to: reached.map(({ recipient: { id, name, locale, time_zone }, notification, decision, digests }) => ({
      notification_id: notification.id,
      recipient: { id, name, locale, time_zone },
      deliveries: decision.deliveries,
      ...(digests.length > 0 && { digests }),
    })),
  };
}

/**
 * The channels on which a notification waits for others, and where. What was chosen since it was decided may be in here, but for the
 * frequency; the window is planned anew where it is something else.
 */
export function waitingOf(
  { channels }: DecisionResult,
  { category }: Pick<NotificationFacts, 'category'>,
  { request, batch }: Pick<DecidedEvent, 'request' | 'batch'>,
  { key, digest }: NotificationType,
  { defaults }: { defaults: Preferences },
  { preferences, time_zone }: KnownRecipient,
): { digests: WaitingChannel[]; batches: WaitingChannel[] } {
  const requested = request.channels !== undefined;
  const digests: WaitingChannel[] = [];
  const batches: WaitingChannel[] = [];
  for (const { channel, outcome, until, inputs } of channels) {
    if (outcome === 'digest') {
      const frequency = inputs!.frequency as DigestFrequency;
      const { hour, weekday } = digestFor(preferences, defaults);
      const { scope = 'all', unreadOnly = false } = digest ?? {};
      digests.push({
        channel,
        window: {
          kind: 'digest',
          frequency,
          ...(frequency !== 'hourly' && hour !== undefined && { hour }),
          ...(frequency === 'weekly' && weekday !== undefined && { weekday }),
          time_zone,
          ...(scope === 'category' && { category }),
          ...(scope === 'type' && { type: key }),
        },
        requested,
        until: until!,
        ...(unreadOnly && channel !== 'in_app' && { unless_read: true }),
      });
    }
    if (outcome === 'batch' && batch) {
      const { key: similar, window_ms, max, mode = 'fixed', max_wait_ms } = batch;
      const longest = mode === 'fixed' ? window_ms : (max_wait_ms ?? Math.min(10 * window_ms, dayMs));
      batches.push({
        channel,
        window: {
          kind: 'batch',
          type: key,
          key: similar,
          mode,
          window_ms,
          max_wait_ms: longest,
          ...(max !== undefined && { max_count: max }),
        },
        requested,
        until: until!,
      });
    }
  }
  return { digests, batches };
}

const dayMs = 86_400_000;

/** What the scheduler is told of a notification that waits for similar ones. */
export function batchItemOf(
  { id: eventRecordId, type, source, request }: DecidedEvent,
  notification: NotificationFacts,
  waiting: WaitingChannel,
): DigestItem {
  return {
    ...waiting,
    notification_id: notification.id,
    recipient: notification.recipient,
    event: { id: eventRecordId, type, source },
    type: notification.type,
    category: notification.category,
    priority: notification.priority,
    created_at: notification.created_at,
    ...(request.expires_at !== undefined && { expires_at: request.expires_at }),
    request: ownRequest(request, notification.recipient),
  };
}

/** Of an audience only that it was one; of a list only this one, or everything that waits would hold a thousand ids. */
function ownRequest(request: EventRequest, recipient: string): EventRequest {
  return request.audience ? request : { ...request, recipients: [recipient] };
}

/** A group of channels that wait for the same thing until the same time. */
export interface Deferral {
  until: string;
  rule: NonNullable<NotificationDeferred['rule']>;
  channels: Channel[];
}

export function deferralsOf({ channels }: DecisionResult): Deferral[] {
  const waiting = channels.filter(({ outcome }) => outcome === 'defer');
  const groups = Map.groupBy(waiting, ({ until, rule }) => `${until} ${rule}`);
  return [...groups.values()].map((group) => ({
    until: group[0]!.until!,
    rule: group[0]!.rule as Deferral['rule'],
    channels: group.map(({ channel }) => channel),
  }));
}

/**
 * The timer that brings deferred channels back to be decided again.
 * @param revision tells it from one for the same time that was woken before
 */
export function timerOf(
  source: string,
  { tenant, id: eventRecordId, type: eventType, source: eventSource, request, grouped }: DecidedEvent,
  { id, type, recipient }: NotificationFacts,
  { until, rule, channels }: Deferral,
  revision?: string,
): TimerSet {
  const timerId = uuidv8(timeOfId(id), rule, id, until, ...(revision === undefined ? [] : [revision]));
  const data: NotificationDeferred = {
    event: { id: eventRecordId, type: eventType, source: eventSource },
    type,
    recipient,
    channels: channels as NotificationDeferred['channels'],
    until,
    rule,
    ...(grouped && { grouped }),
    request: ownRequest(request, recipient),
  };
  const message: CloudEvent = {
    specversion: '1.0',
    id: timerId,
    source,
    type: notificationDeferred.type,
    tenant,
    data,
  };
  return {
    timer_id: timerId,
    due_at: until,
    expires_at: request.expires_at,
    message,
    routing_key: notificationDeferred.key,
    event_id: eventRecordId,
    follows_zone: true,
  };
}

/** The event type under which a catalog finds the type of a notification again. */
export function eventTypeOf(key: string): string | undefined {
  return key === adHocType.key ? undefined : key;
}

/** Only what was decided for some channels. */
export function restrictedTo(wanted: readonly Channel[], { channels, deliveries }: DecisionResult): DecisionResult {
  return {
    channels: channels.filter(({ channel }) => wanted.includes(channel)),
    deliveries: deliveries.filter(({ channel }) => wanted.includes(channel)),
  };
}
