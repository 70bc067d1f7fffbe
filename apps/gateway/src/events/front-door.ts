import {
  eventId,
  eventRequested,
  notificationId,
  Problem,
  type CloudEvent,
  type EventRequest,
} from '@carillon/contracts';
import { isBrokerAway, Messages } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import type { RequestIdentity } from '../idempotency/request-identity.ts';
import { Outbox } from '../outbox/outbox.ts';

/** What is told of an event that was accepted. */
export interface Accepted {
  id: string;
  /** Left out for an audience, and for an event that could not be checked because RabbitMQ is away. */
  notifications?: { id: string; recipient: string }[];
}

/** How long RabbitMQ may take to answer whether it is there, and how long it counts as away when it has not, milliseconds. */
const patienceMs = 1_000;
const silenceMs = 5_000;

/** Puts events that were checked on the street. */
@Injectable()
export class FrontDoor {
  /** RabbitMQ has not answered, though the connection stands: until then it is not asked again. `performance.now()` */
  private silentUntil = -Infinity;

  constructor(
    private readonly messages: Messages,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Asks whether an event can be accepted.
   * @returns undefined while RabbitMQ is away: events are accepted unasked then, like those that come over AMQP, and parked as dead
   * letters where nothing can be done with them
   */
  async ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    if (this.isAway()) return undefined;
    try {
      return await question();
    } catch (error) {
      if (isBrokerAway(error) || (isUnanswered(error) && (await this.isSilent()))) return undefined;
      throw error;
    }
  }

  /**
   * Resolves when the broker has confirmed the event, or the outbox has it because the broker is away.
   *
   * @param types catalog keys that the check found; undefined when nobody could be asked
   * @param place of the event in its request
   * @throws Problem 503 when nothing was accepted
   */
  async accept(
    tenant: string,
    request: EventRequest,
    types: readonly string[] | undefined,
    identity: RequestIdentity,
    place = 0,
  ): Promise<Accepted> {
    // The ids of what will become of the event are computed from its identity and time, so they can be told at once.
    const { at } = identity;
    const cloudEventId = identity.id(place);
    const time = new Date(at).toISOString();
    await this.send({ ...this.messages.eventOf(eventRequested, request, { id: cloudEventId, tenant, time }), tenant });
    const id = eventId(at, tenant, this.messages.source, cloudEventId);
    if (request.audience || !types) return { id };
    return {
      id,
      notifications: types.flatMap((type) =>
        [...new Set(request.recipients)].map((recipient) => ({ id: notificationId(id, type, recipient), recipient })),
      ),
    };
  }

  /** What RabbitMQ has not confirmed in time may have reached it all the same; its id is the same again. */
  private async send(event: CloudEvent & { tenant: string }): Promise<void> {
    if (!this.isAway() && !(await this.outbox.hasQueue(event.tenant))) {
      try {
        return await this.messages.publishEvent(eventRequested.exchange, eventRequested.key, event);
      } catch (error) {
        if (!isBrokerAway(error)) throw error;
      }
    }
    await this.outbox.keep(event);
  }

  private isAway(): boolean {
    return this.messages.trouble() !== undefined || performance.now() < this.silentUntil;
  }

  private async isSilent(): Promise<boolean> {
    if (await this.messages.answers(patienceMs)) return false;
    this.silentUntil = performance.now() + silenceMs;
    return true;
  }
}

function isUnanswered(error: unknown): boolean {
  return error instanceof Problem && error.status === 503;
}
