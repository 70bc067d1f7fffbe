import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  freshId,
  getDelivery,
  receipts,
  retryDelivery,
  suppressionAsked,
  suppressionChanges,
  type CloudEvent,
  type DeliveryDetail,
  type Receipt,
  type ReceiptWord,
  type SmsRendered,
  type SuppressionAsked,
  type SuppressionReason,
} from '@carillon/contracts';
import { until } from '@carillon/testing';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';
import type { SendOutcome } from '../provider/provider.ts';
import { Receipts } from './receipts.ts';

const tenant = 'school';
const now = () => new Date().toISOString();

describe('A receipt', () => {
  let sender: SenderUnderTest;
  let asked: CloudEvent<SuppressionAsked>[];
  beforeAll(async () => {
    sender = await SenderUnderTest.start({ retry: () => ({ delaysSeconds: [], jitter: 0 }) });
    asked = await sender.service.broker.capture(suppressionAsked);
  });
  afterAll(() => sender?.close());

  /** What a provider says of one of its messages. */
  const saying = (says: ReceiptWord, of: Partial<Receipt>, more: Partial<Receipt> = {}): Receipt => ({
    provider: 'scripted',
    tenant: null,
    delivery_id: null,
    provider_message_id: null,
    says,
    contact_fault: null,
    error: says === 'undelivered' || says === 'rejected' ? `it says ${says}` : null,
    error_code: says === 'undelivered' || says === 'rejected' ? '30005' : null,
    at: now(),
    ...of,
    ...more,
  });
  const report = (receipt: Receipt, id = freshId()) =>
    sender.service.messages.publish(receipts.sms, receipt, { id, tenant: receipt.tenant ?? undefined });
  const get = (id: string) => sender.service.messages.call(getDelivery, { tenant, channel: 'sms', id });

  /** Sends an SMS; its provider calls it what is answered. */
  async function sent(
    outcome: Partial<SendOutcome> = {},
    changes: Partial<SmsRendered> = {},
  ): Promise<SmsRendered & { sid: string }> {
    const item = renderedFor(someNumber(), changes);
    const sid = `SM${freshId()}`;
    sender.provider.script(item.to, { kind: 'accepted', providerMessageId: sid, ...outcome } as SendOutcome);
    await sender.publish(item);
    await until('it is told', () => sender.toldOf(item.delivery_id).length > 0);
    return { ...item, sid };
  }

  async function reaches(id: string, status: string): Promise<DeliveryDetail> {
    return until(`it is ${status}`, async () => {
      const delivery = await get(id);
      if (delivery.status !== status) throw new Error(`it is ${delivery.status}`);
      return delivery;
    });
  }

  it('is matched by the provider’s id, kept with its delivery, and told to the world', async () => {
    const { delivery_id, sid } = await sent();
    await report(saying('delivered', { provider_message_id: sid }));
    await sender.tells(delivery_id, 'sent', 'delivered');
    expect(await get(delivery_id)).toMatchObject({
      status: 'delivered',
      error: null,
      receipts: [{ attempt: 1, provider: 'scripted', says: 'delivered', provider_message_id: sid }],
    });
  });

  it('is matched by the delivery’s own id, within its tenant only', async () => {
    const { delivery_id } = await sent();
    await report(saying('delivered', { tenant: 'shop', delivery_id }));
    await report(saying('rejected', { tenant, delivery_id }));
    const delivery = await reaches(delivery_id, 'failed');
    expect(delivery).toMatchObject({ failure: 'permanent', error: 'it says rejected', error_code: '30005' });
    expect(delivery.receipts.map(({ says }) => says)).toEqual(['rejected']);
    await sender.tells(delivery_id, 'sent', 'failed');
  });

  it('changes nothing when it comes again, but is told again, in case it was lost', async () => {
    const { delivery_id, sid } = await sent();
    const id = freshId();
    const receipt = saying('delivered', { provider_message_id: sid });
    await report(receipt, id);
    await report(receipt, id);
    await sender.tells(delivery_id, 'sent', 'delivered', 'delivered');
    const [, one, other] = sender.eventsOf(delivery_id);
    expect(other!.id).toBe(one!.id);
    expect((await get(delivery_id)).receipts).toHaveLength(1);
  });

  it('ends in the same state in any order, also all at once', async () => {
    const words: ReceiptWord[] = ['accepted', 'undelivered', 'delivered'];
    const orders = [words, words.toReversed(), ['delivered', 'accepted', 'undelivered'] as const];
    for (const order of orders) {
      const { delivery_id, sid } = await sent();
      await Promise.all(order.map((says) => report(saying(says, { provider_message_id: sid }))));
      await until('all are recorded', async () => (await get(delivery_id)).receipts.length === words.length);
      await reaches(delivery_id, 'delivered');
    }
  });

  it('that comes before the attempt is recorded is kept and matched afterwards', async () => {
    const item = renderedFor(someNumber());
    const sid = `SM${freshId()}`;
    let answer!: (outcome: SendOutcome) => void;
    sender.provider.script(item.to, () => new Promise<SendOutcome>((resolve) => (answer = resolve)));
    await sender.publish(item);
    await until('the provider is asked', () => sender.provider.askedFor(item.to).length > 0);
    await report(saying('delivered', { provider_message_id: sid }));
    await until('it is kept', async () => (await early(sid)).length === 1);
    answer({ kind: 'accepted', providerMessageId: sid });
    await sender.tells(item.delivery_id, 'sent', 'delivered');
    await until('it is kept no longer', async () => (await early(sid)).length === 0);
  });

  it('that comes while the provider is still being asked counts, and the answer changes nothing', async () => {
    const item = renderedFor(someNumber());
    const sid = `SM${freshId()}`;
    let answer!: (outcome: SendOutcome) => void;
    sender.provider.script(item.to, () => new Promise<SendOutcome>((resolve) => (answer = resolve)));
    await sender.publish(item);
    await until('the provider is asked', () => sender.provider.askedFor(item.to).length > 0);
    await report(saying('delivered', { tenant, delivery_id: item.delivery_id, provider_message_id: sid }));
    await reaches(item.delivery_id, 'delivered');
    answer({ kind: 'accepted', providerMessageId: sid });
    const delivery = await until('the attempt is settled', async () => {
      const found = await get(item.delivery_id);
      return found.attempts[0]!.finished_at !== null && found;
    });
    expect(delivery).toMatchObject({ status: 'delivered', provider_message_id: sid, sent_at: expect.any(String) });
  });

  it('of a message that nobody here has sent is kept for a while, and harms nothing', async () => {
    const sid = `SM${freshId()}`;
    await report(saying('delivered', { provider_message_id: sid }));
    await until('it is kept', async () => (await early(sid)).length === 1);
    await sender.service.running.app.get(Receipts).look();
    const [kept] = await early(sid);
    expect(kept!.next_look_at.getTime()).toBeGreaterThan(Date.now());
    await report(saying('delivered', { tenant, delivery_id: freshId(), provider_message_id: null }));
    const { delivery_id, sid: known } = await sent();
    await report(saying('delivered', { provider_message_id: known }));
    await reaches(delivery_id, 'delivered');
  });

  it('settles what was uncertain', async () => {
    const { delivery_id } = await sent({ kind: 'uncertain', error: 'reset' } as SendOutcome);
    await report(saying('accepted', { tenant, delivery_id, provider_message_id: 'SM-late' }));
    const delivery = await reaches(delivery_id, 'sent');
    expect(delivery).toMatchObject({ provider_message_id: 'SM-late', error: null });
    expect(delivery.attempts[0]).toMatchObject({ outcome: 'accepted', error: null });
  });

  it('that is late turns a temporary failure into delivered, and a permanent one into nothing', async () => {
    const temporary = await sent({ kind: 'retryable', error: 'busy' } as SendOutcome);
    const permanent = await sent({ kind: 'permanent', error: 'no' } as SendOutcome);
    for (const { delivery_id } of [permanent, temporary]) await report(saying('delivered', { tenant, delivery_id }));
    await reaches(temporary.delivery_id, 'delivered');
    await until('it is recorded', async () => (await get(permanent.delivery_id)).receipts.length === 1);
    expect((await get(permanent.delivery_id)).status).toBe('failed');
  });

  it('of an earlier attempt does not fail what a person has tried again', async () => {
    const item = renderedFor(someNumber());
    const [first, second] = [`SM${freshId()}`, `SM${freshId()}`];
    sender.provider.script(
      item.to,
      { kind: 'accepted', providerMessageId: first },
      { kind: 'accepted', providerMessageId: second },
    );
    await sender.publish(item);
    await sender.tells(item.delivery_id, 'sent');
    await report(saying('undelivered', { provider_message_id: first }));
    await reaches(item.delivery_id, 'failed');
    await sender.service.messages.call(retryDelivery, { tenant, channel: 'sms', id: item.delivery_id });
    await reaches(item.delivery_id, 'sent');
    await report(saying('rejected', { provider_message_id: first }));
    await until('it is recorded', async () => (await get(item.delivery_id)).receipts.length === 2);
    expect((await get(item.delivery_id)).status).toBe('sent');
    await report(saying('delivered', { provider_message_id: second }));
    await reaches(item.delivery_id, 'delivered');
  });

  it('of a hard bounce asks for the address to be suppressed, by the same request however often it comes', async () => {
    const { delivery_id, sid, to } = await sent();
    const id = freshId();
    const bounce = saying('rejected', { provider_message_id: sid }, { contact_fault: 'hard_bounce' });
    await report(bounce, id);
    await report(bounce, id);
    const requests = () => asked.filter(({ data }) => data.address === to);
    await until('it is asked for twice', () => requests().length === 2);
    expect(requests()[0]).toMatchObject({
      tenant,
      data: {
        channel: 'sms',
        address: to,
        suppress: true,
        reason: 'hard_bounce',
        by: 'scripted',
        note: 'it says rejected',
      },
    });
    expect(requests()[1]!.id).toBe(requests()[0]!.id);
    await reaches(delivery_id, 'failed');
  });

  it('of a complaint counts as delivered', async () => {
    const { delivery_id, sid, to } = await sent();
    await report(saying('complained', { provider_message_id: sid }, { contact_fault: 'complaint' }));
    await reaches(delivery_id, 'delivered');
    await until('it is asked for', () => asked.some(({ data }) => data.address === to && data.reason === 'complaint'));
  });

  it('is worth the same for many at once, none of which is lost or told of another', async () => {
    const items = await Promise.all(Array.from({ length: 60 }, () => sent()));
    await Promise.all(
      items.flatMap(({ sid }, n) => [
        report(saying(n % 3 === 0 ? 'undelivered' : 'delivered', { provider_message_id: sid })),
        report(saying('accepted', { provider_message_id: sid })),
      ]),
    );
    for (const [n, { delivery_id }] of items.entries())
      await reaches(delivery_id, n % 3 === 0 ? 'failed' : 'delivered');
  });

  describe('that led to a suppression', () => {
    const suppress = (address: string, reason: SuppressionReason | null, at = now()) =>
      sender.service.messages.publish(suppressionChanges.sms, { address, reason, at }, { id: freshId(), tenant });
    const known = async (address: string) =>
      (
        await sender.service.database.query<{ reason: string | null }>(
          'SELECT reason FROM sms_sender.suppressed_addresses WHERE address = $1',
          [address],
        )
      )[0]?.reason;

    it('stops what was decided before, until it is lifted', async () => {
      const to = someNumber();
      await suppress(to, 'hard_bounce');
      await until('it is known', async () => (await known(to)) === 'hard_bounce');
      const [stopped, other] = [renderedFor(to), renderedFor(someNumber())];
      await sender.publish(stopped, other);
      await sender.tells(stopped.delivery_id, 'suppressed');
      await sender.tells(other.delivery_id, 'sent');
      expect(sender.provider.askedFor(to)).toEqual([]);
      expect(await get(stopped.delivery_id)).toMatchObject({ status: 'suppressed', attempts: [], provider: null });

      await suppress(to, null);
      await until('it is lifted', async () => (await known(to)) === null);
      const again = renderedFor(to);
      await sender.publish(again);
      await sender.tells(again.delivery_id, 'sent');
    });

    it('is not brought back by an older message that comes later', async () => {
      const to = someNumber();
      await suppress(to, null, '2026-11-21T10:00:01Z');
      await until('it is known', async () => (await known(to)) === null);
      await suppress(to, 'complaint', '2026-11-21T10:00:00Z');
      const item = renderedFor(to);
      await sender.publish(item);
      await sender.tells(item.delivery_id, 'sent');
    });
  });

  const early = (sid: string) =>
    sender.service.database.query<{ next_look_at: Date }>(
      'SELECT next_look_at FROM sms_sender.unmatched_receipts WHERE provider_message_id = $1',
      [sid],
    );
});
