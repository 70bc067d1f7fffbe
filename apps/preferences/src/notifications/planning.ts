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
  type EventRequest,
  type NotificationDeferred,
  type NotificationRouted,
  type Priority,
  type TimerSet,
} from '@carillon/contracts';
import { adHocType } from '../catalog/built-in-types.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { NotificationType } from '../catalog/notification-type.ts';
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
  /** With what its notifications become one in the inbox. */
  batch?: Batch;
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
  { request }: DecidedEvent,
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
    now,
  };
}

/** What the renderer is told. */
export function routedOf(
  { id: eventRecordId, type: eventType, source, request, batch }: DecidedEvent,
  { id, category, priority, created_at }: NotificationFacts,
  type: NotificationType,
  catalog: Pick<Catalog, 'version' | 'trackingOf'>,
  { id: recipient, name, locale, time_zone }: KnownRecipient,
  deliveries: PlannedDelivery[],
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
    data: request.data ?? {},
    content: request.content,
    actor: request.actor,
    correlation_key: request.correlation_key,
    metadata: request.metadata,
    batch,
    expires_at: request.expires_at,
    created_at,
  };
}

/** What the renderer is told of many at once. @param reached at least one; all of the same event and type */
export function chunkOf(
  event: DecidedEvent,
  type: NotificationType,
  catalog: Pick<Catalog, 'version' | 'trackingOf'>,
  reached: readonly { recipient: KnownRecipient; notification: NotificationFacts; decision: DecisionResult }[],
): ChunkRouted {
  const [first] = reached as [(typeof reached)[number]];
  const {
    notification_id: _,
    recipient: __,
    deliveries: ___,
    ...shared
  } = routedOf(event, first.notification, type, catalog, first.recipient, first.decision.deliveries);
  return {
    ...shared,
    to: reached.map(({ recipient: { id, name, locale, time_zone }, notification, decision }) => ({
      notification_id: notification.id,
      recipient: { id, name, locale, time_zone },
      deliveries: decision.deliveries,
    })),
  };
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
  { tenant, id: eventRecordId, type: eventType, source: eventSource, request }: DecidedEvent,
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
    // Of an audience only that it was one; of a list only this one, or every timer would hold a thousand ids.
    request: request.audience ? request : { ...request, recipients: [recipient] },
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
