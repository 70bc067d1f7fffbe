import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deliveryId, eventCancelled, freshId, notificationId, stopEvent, type SmsRendered } from '@carillon/contracts';
import { unique, until } from '@carillon/testing';
import type { SendOutcome } from '../provider/provider.ts';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';

const refused: SendOutcome = { kind: 'retryable', error: 'the network is busy' };

describe('Deliveries of an event that was cancelled', () => {
  let sender: SenderUnderTest;

  beforeAll(async () => {
    sender = await SenderUnderTest.start({ retry: () => ({ delaysSeconds: [1], jitter: 0 }) });
  });
  afterAll(() => sender?.close());

  const itemOf = (event: string, changes: Partial<SmsRendered> = {}): SmsRendered => {
    const recipient = `recipient-${unique()}`;
    const notification_id = notificationId(event, 'invoice_issued', recipient);
    const to = someNumber();
    const delivery_id = deliveryId(notification_id, 'sms', to);
    return renderedFor(to, { event_id: event, notification_id, delivery_id, recipient, ...changes });
  };
  const cancelled_at = new Date().toISOString();
  const stop = (event_id: string, tenant = 'school') =>
    sender.service.messages.call(stopEvent, { tenant, service: 'sms-sender', event_id, cancelled_at });

  it('are stopped where they wait for another attempt; what is out stays; the answer counts both, again and again', async () => {
    const event = freshId();
    const [sent, waiting, other] = [itemOf(event), itemOf(event), itemOf(freshId())];
    sender.provider.script(waiting.to, refused);
    sender.provider.script(other.to, refused, { kind: 'accepted', providerMessageId: 'at last' });
    await sender.publish(sent, waiting, other);
    await sender.reaches(sent.delivery_id, 'sent');
    await sender.reaches(waiting.delivery_id, 'retrying');
    await sender.reaches(other.delivery_id, 'retrying');

    expect(await stop(event, 'shop')).toEqual({ stopped: { sms: 0 }, out: { sms: 0 } });
    const counts = { stopped: { sms: 1 }, out: { sms: 1 } };
    expect(await stop(event)).toEqual(counts);
    expect(await stop(event)).toEqual(counts);
    await sender.tells(waiting.delivery_id, 'retrying', 'cancelled');
    // Its time comes, and the other's is tried again.
    await sender.reaches(other.delivery_id, 'sent');
    expect(sender.provider.askedFor(waiting.to)).toHaveLength(1);
    expect(await sender.stored(sent.delivery_id)).toMatchObject({ status: 'sent' });
  });

  it('that arrive afterwards are recorded as cancelled, and no provider is asked', async () => {
    const event = freshId();
    await sender.service.messages.publish(
      eventCancelled,
      { event_id: event, cancelled_at },
      { tenant: 'school', id: event },
    );
    await until(
      'it is known',
      async () =>
        (await sender.service.database.query('SELECT FROM sms_sender.cancelled_events WHERE event_id = $1', [event]))
          .length === 1,
    );
    const late = itemOf(event);
    await sender.publish(late);
    await sender.tells(late.delivery_id, 'cancelled');
    expect(sender.provider.askedFor(late.to)).toEqual([]);
    expect(await stop(event)).toEqual({ stopped: { sms: 1 }, out: { sms: 0 } });
  });

  it('that are being sent at that moment are not tried again', async () => {
    const event = freshId();
    const item = itemOf(event);
    let answer!: (outcome: SendOutcome) => void;
    sender.provider.script(item.to, () => new Promise((resolve) => (answer = resolve)));
    await sender.publish(item);
    await until('the provider is asked', () => sender.provider.askedFor(item.to).length === 1);
    expect(await stop(event)).toEqual({ stopped: { sms: 0 }, out: { sms: 1 } });
    answer(refused);
    await sender.reaches(item.delivery_id, 'cancelled');
    await sender.tells(item.delivery_id, 'retrying', 'cancelled');
    expect(sender.provider.askedFor(item.to)).toHaveLength(1);
  });
});
