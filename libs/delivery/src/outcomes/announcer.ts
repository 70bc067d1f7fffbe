import {
  deliveryOutcomes,
  observations,
  timeOfId,
  uuidv8,
  type Observation,
  type SentChannel,
} from '@carillon/contracts';
import { withTrace, type Messages } from '@carillon/messaging';
import type { DeliveryFact } from '../store/delivery-row.ts';
import { observe } from './observe.ts';

/** Tells the world how a delivery stands. */
export class Announcer {
  constructor(
    private readonly messages: Messages,
    private readonly channel: SentChannel,
  ) {}

  /**
   * Publishes the outcome for the delivery's state; states without a public fact (queued, sending, …) say nothing.
   * Telling it again carries the same event id. Resolves when the broker has confirmed.
   * @throws BrokerUnavailable
   */
  async announce(fact: DeliveryFact): Promise<void> {
    const { tenant, id, status, attempts } = fact;
    if (!isAnnounced(status)) return;
    const changed = {
      delivery_id: id,
      notification_id: fact.notification_id,
      recipient: fact.recipient,
      channel: this.channel,
      type: fact.type,
      category: fact.category,
      template: fact.template,
      provider: fact.provider,
      provider_message_id: fact.provider_message_id,
      attempts,
      error: fact.error,
      at: fact.updated_at.toISOString(),
    };
    const attributes = {
      tenant,
      id: uuidv8(timeOfId(id), 'outcome', status, id, String(attempts)),
      subject: fact.recipient,
      time: changed.at,
    };
    await withTrace(fact.traceparent ?? undefined, () =>
      Promise.all([
        this.messages.publish(deliveryOutcomes[status], changed, attributes),
        isObserved(status) && observe(this.messages, tenant, status, changed),
      ]),
    );
  }
}

function isAnnounced(status: string): status is keyof typeof deliveryOutcomes {
  return Object.hasOwn(deliveryOutcomes, status);
}

function isObserved(status: string): status is Observation {
  return (observations as readonly string[]).includes(status);
}
