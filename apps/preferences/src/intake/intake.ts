import { Injectable } from '@nestjs/common';
import {
  defaultTenant,
  laneOf,
  notificationDeferred,
  notificationDeferredSchema,
  notificationId,
  notificationRouted,
  timeOfId,
  timerSet,
  uuidv8,
  type Channel,
  type CloudEvent,
  type EventRequest,
  type NotificationDeferred,
  type Priority,
} from '@carillon/contracts';
import { Messages, Poison } from '@carillon/messaging';
import { adHocType } from '../catalog/built-in-types.ts';
import { Catalogs } from '../catalog/catalogs.ts';
import type { NotificationType } from '../catalog/notification-type.ts';
import { decide, type DecisionInput, type DecisionResult, type PlannedDelivery } from '../decisions/decide.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { knownRecipients, recipientIds, refuseContradictoryTimes, refuseUnreachable } from './check.ts';
import { EventStore } from './event-store.ts';
import { NotificationStore, type NewNotification } from './notification-store.ts';
import { readEvent, type IncomingEvent } from './read-event.ts';

/** The first stage of the street: event in, one decided notification per recipient out. */
@Injectable()
export class Intake {
  constructor(
    private readonly catalogs: Catalogs,
    private readonly recipients: RecipientStore,
    private readonly events: EventStore,
    private readonly notifications: NotificationStore,
    private readonly messages: Messages,
  ) {}

  /**
   * Would this request be accepted? Answers with the catalog's key for its type.
   * @throws Problem 422 naming the field and the cure
   */
  async check(tenant: string, request: EventRequest): Promise<string> {
    const [type] = (await this.catalogs.of(tenant)).meant(request.type) as [NotificationType];
    refuseContradictoryTimes(request);
    refuseUnreachable(request, type, await this.known(tenant, request));
    return type.key;
  }

  /**
   * Takes an event to its notifications, or to a timer when its `send_at` is still to come.
   * @throws Problem 4xx for what no further try can mend
   */
  async take(message: CloudEvent, routingKey: string): Promise<void> {
    const now = Date.now();
    if (message.type === notificationDeferred.type) return this.resume(message, now);
    const event = readEvent(message, now);
    const { request, tenant } = event;
    const [type] = (await this.catalogs.of(tenant)).meant(request.type) as [NotificationType];
    refuseContradictoryTimes(request);
    const recipients = await this.known(tenant, request);

    if (!event.due && request.send_at !== undefined && Date.parse(request.send_at) > now) {
      return this.schedule(event, message, routingKey, type, request.send_at);
    }
    const record = await this.events.record({ event, type: type.key, status: 'decided' });
    if (event.due && record.status === 'scheduled') await this.events.markDecided({ tenant, id: record.id });
    const decided: DecidedEvent = {
      tenant,
      id: record.id,
      type: request.type ?? message.type,
      source: event.source,
      request,
    };
    await Promise.all(recipients.map((recipient) => this.notify(decided, type, recipient, now)));
  }

  private async known(tenant: string, request: EventRequest): Promise<KnownRecipient[]> {
    const ids = recipientIds(request);
    return knownRecipients(ids, await Promise.all(ids.map((id) => this.recipients.find({ tenant, id }))));
  }

  private async schedule(
    event: IncomingEvent,
    message: CloudEvent,
    routingKey: string,
    type: NotificationType,
    sendAt: string,
  ): Promise<void> {
    const { id } = await this.events.record({ event, type: type.key, status: 'scheduled' });
    const timerId = uuidv8(timeOfId(id), 'send_at', id);
    await this.messages.publish(
      timerSet,
      {
        timer_id: timerId,
        due_at: sendAt,
        expires_at: event.request.expires_at,
        message,
        routing_key: routingKey,
      },
      { id: timerId, tenant: event.tenant },
    );
  }

  /** Quiet hours are over: decides the deferred channels again, as if the event came only now. */
  private async resume({ data, tenant = defaultTenant }: CloudEvent, now: number): Promise<void> {
    const parsed = notificationDeferredSchema.safeParse(data);
    if (!parsed.success) throw new Poison(`not a valid ${notificationDeferred.type}: ${parsed.error.message}`);
    const { event, type: key, recipient: id, request, channels, until } = parsed.data;
    // The scheduler's clock, the database's, says that the time has come; ours may be behind it.
    const due = Math.max(now, Date.parse(until));
    const [type] = (await this.catalogs.of(tenant)).meant(key === adHocType.key ? undefined : key) as [
      NotificationType,
    ];
    const [recipient] = await this.known(tenant, { ...request, recipients: [id] });
    const decided: DecidedEvent = { tenant, ...event, request };
    const notification = notificationOf(decided, type, recipient!);
    const decision = decide({ ...inputOf(notification, decided, type, recipient!, due), onlyChannels: channels });
    const standing = await this.notifications.conclude({ tenant, id: notification.id, until, ...decision });
    await this.proceed(decided, notification, recipient!, restrictedTo(channels, standing));
  }

  private async notify(
    event: DecidedEvent,
    type: NotificationType,
    recipient: KnownRecipient,
    now: number,
  ): Promise<void> {
    const notification = notificationOf(event, type, recipient);
    const decision = decide(inputOf(notification, event, type, recipient, now));
    const standing = await this.notifications.record({ ...notification, ...decision });
    await this.proceed(event, notification, recipient, standing);
  }

  /** Sends on what was decided: deliveries to the renderer, deferred channels to the scheduler. */
  private async proceed(
    event: DecidedEvent,
    notification: NotificationFacts,
    recipient: KnownRecipient,
    { channels, deliveries }: DecisionResult,
  ): Promise<void> {
    const deferred = channels.filter(({ outcome }) => outcome === 'defer');
    await Promise.all([
      deliveries.length > 0 && this.route(event, notification, recipient, deliveries),
      ...[...new Set(deferred.map(({ until }) => until!))].map((until) =>
        this.defer(
          event,
          notification,
          until,
          deferred.filter((ruling) => ruling.until === until).map(({ channel }) => channel),
        ),
      ),
    ]);
  }

  private defer(
    event: DecidedEvent,
    { id, type, recipient }: NotificationFacts,
    until: string,
    channels: Channel[],
  ): Promise<void> {
    const { tenant, request } = event;
    const timerId = uuidv8(timeOfId(id), 'quiet_hours', id, until);
    const data: NotificationDeferred = {
      event: { id: event.id, type: event.type, source: event.source },
      type,
      recipient,
      channels: channels as NotificationDeferred['channels'],
      until,
      request,
    };
    const message: CloudEvent = {
      specversion: '1.0',
      id: timerId,
      source: this.messages.source,
      type: notificationDeferred.type,
      tenant,
      data,
    };
    return this.messages.publish(
      timerSet,
      {
        timer_id: timerId,
        due_at: until,
        expires_at: request.expires_at,
        message,
        routing_key: notificationDeferred.key,
      },
      { id: timerId, tenant },
    );
  }

  private route(
    { tenant, id: eventRecordId, type: eventType, source, request }: DecidedEvent,
    { id, type, category, priority, created_at }: NotificationFacts,
    recipient: KnownRecipient,
    deliveries: PlannedDelivery[],
  ): Promise<void> {
    return this.messages.publish(
      notificationRouted,
      {
        notification_id: id,
        event: { id: eventRecordId, type: eventType, source },
        type,
        category,
        priority,
        lane: laneOf(priority),
        recipient: {
          id: recipient.id,
          name: recipient.name,
          locale: recipient.locale,
          time_zone: recipient.time_zone,
        },
        deliveries,
        data: request.data ?? {},
        content: request.content,
        actor: request.actor,
        correlation_key: request.correlation_key,
        metadata: request.metadata,
        expires_at: request.expires_at,
        created_at,
      },
      { id, tenant, subject: recipient.id },
    );
  }
}

/** An event that is recorded, on its way to its notifications. */
interface DecidedEvent {
  tenant: string;
  /** Of the record. */
  id: string;
  /** As the domain called it. */
  type: string;
  source: string;
  request: EventRequest;
}

type NotificationFacts = Omit<NewNotification, keyof DecisionResult> & { priority: Priority };

function notificationOf(
  { tenant, id, type: eventType, source, request }: DecidedEvent,
  type: NotificationType,
  recipient: KnownRecipient,
): NotificationFacts {
  const ofEvent = notificationId(id, type.key, recipient.id);
  return {
    tenant,
    recipient: recipient.id,
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

function inputOf(
  { id, category, priority }: NotificationFacts,
  { request }: DecidedEvent,
  type: NotificationType,
  recipient: KnownRecipient,
  now: number,
): DecisionInput {
  return {
    notificationId: id,
    type,
    category,
    priority,
    recipient,
    requestedChannels: request.channels,
    expiresAt: request.expires_at,
    now,
  };
}

function restrictedTo(wanted: readonly Channel[], { channels, deliveries }: DecisionResult): DecisionResult {
  return {
    channels: channels.filter(({ channel }) => wanted.includes(channel)),
    deliveries: deliveries.filter(({ channel }) => wanted.includes(channel)),
  };
}
