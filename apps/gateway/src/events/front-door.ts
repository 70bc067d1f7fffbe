import { eventId, eventRequested, notificationId, type EventRequest } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import type { RequestIdentity } from '../idempotency/request-identity.ts';

/** What is told of an event that the broker has confirmed. */
export interface Accepted {
  id: string;
  /** Left out for an audience. */
  notifications?: { id: string; recipient: string }[];
}

/** Puts events that were checked on the street. */
@Injectable()
export class FrontDoor {
  constructor(private readonly messages: Messages) {}

  /**
   * @param types catalog keys that the check found
   * @param place of the event in its request
   * @returns when the broker has confirmed it
   */
  async accept(
    tenant: string,
    request: EventRequest,
    types: readonly string[],
    identity: RequestIdentity,
    place = 0,
  ): Promise<Accepted> {
    // The ids of what will become of the event are computed from its identity and time, so they can be told at once.
    const { at } = identity;
    const cloudEventId = identity.id(place);
    await this.messages.publish(eventRequested, request, {
      id: cloudEventId,
      tenant,
      time: new Date(at).toISOString(),
    });
    const id = eventId(at, tenant, this.messages.source, cloudEventId);
    if (request.audience) return { id };
    return {
      id,
      notifications: types.flatMap((type) =>
        [...new Set(request.recipients)].map((recipient) => ({ id: notificationId(id, type, recipient), recipient })),
      ),
    };
  }
}
