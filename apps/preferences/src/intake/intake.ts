import { Injectable } from '@nestjs/common';
import {
  laneOf,
  notificationId,
  notificationRouted,
  timeOfId,
  timerSet,
  uuidv8,
  type CloudEvent,
  type EventRequest,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Catalog } from '../catalog/catalog.ts';
import type { NotificationType } from '../catalog/notification-type.ts';
import { decide } from '../decisions/decide.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { knownRecipients, recipientIds, refuseContradictoryTimes, refuseUnreachable } from './check.ts';
import { EventStore } from './event-store.ts';
import { NotificationStore } from './notification-store.ts';
import { readEvent, type IncomingEvent } from './read-event.ts';

/** The first stage of the street: event in, one decided notification per recipient out. */
@Injectable()
export class Intake {
  constructor(
    private readonly catalog: Catalog,
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
    const type = this.catalog.typeOf(request.type);
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
    const event = readEvent(message, now);
    const { request, tenant } = event;
    const type = this.catalog.typeOf(request.type);
    refuseContradictoryTimes(request);
    const recipients = await this.known(tenant, request);

    if (!event.due && request.send_at !== undefined && Date.parse(request.send_at) > now) {
      return this.schedule(event, message, routingKey, type, request.send_at);
    }
    const record = await this.events.record({ event, type: type.key, status: 'decided' });
    if (event.due && record.status === 'scheduled') await this.events.markDecided({ tenant, id: record.id });
    await Promise.all(recipients.map((recipient) => this.notify(event, record.id, message.type, type, recipient, now)));
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

  private async notify(
    { tenant, request, source }: IncomingEvent,
    eventRecordId: string,
    eventType: string,
    type: NotificationType,
    recipient: KnownRecipient,
    now: number,
  ): Promise<void> {
    const id = notificationId(eventRecordId, type.key, recipient.id);
    const category = request.category ?? type.category;
    const priority = request.priority ?? type.priority;
    const createdAt = new Date(timeOfId(id)).toISOString();
    const decision = decide({
      notificationId: id,
      type,
      category,
      recipient,
      requestedChannels: request.channels,
      expiresAt: request.expires_at,
      now,
    });
    const event = { id: eventRecordId, type: request.type ?? eventType, source };
    const deliveries = await this.notifications.record({
      tenant,
      recipient: recipient.id,
      id,
      event_id: eventRecordId,
      event_type: event.type,
      event_source: source,
      type: type.key,
      category,
      priority,
      created_at: createdAt,
      channels: decision.channels,
      deliveries: decision.deliveries,
    });
    if (deliveries.length === 0) return;
    await this.messages.publish(
      notificationRouted,
      {
        notification_id: id,
        event,
        type: type.key,
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
        created_at: createdAt,
      },
      { id, tenant, subject: recipient.id },
    );
  }
}
