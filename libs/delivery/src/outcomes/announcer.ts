import { deliveryOutcomes, timeOfId, uuidv8, type SentChannel } from '@carillon/contracts';
import { withTrace, type Messages } from '@carillon/messaging';
import type { DeliveryFact } from '../store/delivery-row.ts';

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
    const at = fact.updated_at.toISOString();
    await withTrace(fact.traceparent ?? undefined, () =>
      this.messages.publish(
        deliveryOutcomes[status],
        {
          delivery_id: id,
          notification_id: fact.notification_id,
          recipient: fact.recipient,
          channel: this.channel,
          type: fact.type,
          category: fact.category,
          provider: fact.provider,
          provider_message_id: fact.provider_message_id,
          attempts,
          error: fact.error,
          at,
        },
        {
          tenant,
          id: uuidv8(timeOfId(id), 'outcome', status, id, String(attempts)),
          subject: fact.recipient,
          time: at,
        },
      ),
    );
  }
}

function isAnnounced(status: string): status is keyof typeof deliveryOutcomes {
  return Object.hasOwn(deliveryOutcomes, status);
}
