import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  freshId,
  getDelivery,
  listDeliveries,
  Problem,
  retryDelivery,
  smsRendered,
  traceDeliveries,
  type DeliveryFilter,
  type SmsRendered,
} from '@carillon/contracts';
import { until } from '@carillon/testing';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';

describe('The log of deliveries', () => {
  let sender: SenderUnderTest;
  beforeAll(async () => {
    sender = await SenderUnderTest.start({ retry: { delaysSeconds: [], jitter: 0 } });
  });
  afterAll(() => sender?.close());

  const list = (filter: DeliveryFilter, limit = 20, after: string | null = null, tenant = 'school') =>
    sender.service.messages.call(listDeliveries, { tenant, channel: 'sms', filter, limit, after });
  const get = (id: string, tenant = 'school') =>
    sender.service.messages.call(getDelivery, { tenant, channel: 'sms', id });
  const retry = (id: string, tenant = 'school') =>
    sender.service.messages.call(retryDelivery, { tenant, channel: 'sms', id });

  /** Sends items and waits until the sender is done with them. */
  async function send(...items: SmsRendered[]): Promise<SmsRendered[]> {
    await sender.publish(...items);
    for (const { delivery_id } of items) await until('it is told', () => sender.toldOf(delivery_id).length > 0);
    return items;
  }

  it('shows a page newest first, with addresses masked, and goes on where the page ended', async () => {
    const recipient = `parent-${freshId()}`;
    const items = await send(...[0, 1, 2, 3, 4].map(() => renderedFor(someNumber(), { recipient })));
    const newestFirst = items
      .map(({ delivery_id }) => delivery_id)
      .sort()
      .reverse();

    const first = await list({ recipient }, 3);
    expect(first.data.map(({ id }) => id)).toEqual(newestFirst.slice(0, 3));
    expect(first.data[0]!.destination).toMatch(/^\+254•••\d{3}$/);
    const second = await list({ recipient }, 3, first.next);
    expect(second).toMatchObject({ data: newestFirst.slice(3).map((id) => ({ id })), next: null });
  });

  it('filters by status, recipient, notification, type and time', async () => {
    const [sent, failed] = [
      renderedFor(someNumber()),
      renderedFor(someNumber(), { type: `t_${freshId()}`, recipient: `p ${freshId()}` }),
    ];
    sender.provider.script(failed.to, { kind: 'permanent', error: 'no' });
    await send(sent, failed);
    const found = async (filter: DeliveryFilter) => (await list(filter, 100)).data.map(({ id }) => id);
    expect(await found({ status: 'failed', recipient: failed.recipient })).toEqual([failed.delivery_id]);
    expect(await found({ status: 'sent', recipient: failed.recipient })).toEqual([]);
    expect(await found({ notification_id: sent.notification_id })).toEqual([sent.delivery_id]);
    expect(await found({ type: failed.type })).toEqual([failed.delivery_id]);
    expect(await found({ type: failed.type, since: '2099-01-01T00:00:00Z' })).toEqual([]);
  });

  it('shows one in full with its attempts', async () => {
    const [item] = (await send(renderedFor(someNumber(), { text: 'Habari' }))) as [SmsRendered];
    expect(await get(item.delivery_id)).toEqual({
      id: item.delivery_id,
      notification_id: item.notification_id,
      channel: 'sms',
      recipient: item.recipient,
      type: item.type,
      category: item.category,
      destination: item.to,
      status: 'sent',
      failure: null,
      provider: 'scripted',
      provider_message_id: expect.stringMatching(/^message-/),
      retries: 0,
      error: null,
      error_code: null,
      template: item.template,
      next_attempt_at: null,
      created_at: item.created_at,
      updated_at: expect.any(String),
      sent_at: expect.any(String),
      opened_at: null,
      clicked_at: null,
      content: { text: 'Habari' },
      attempts: [
        {
          number: 1,
          provider: 'scripted',
          outcome: 'accepted',
          error: null,
          error_code: null,
          provider_message_id: expect.stringMatching(/^message-/),
          started_at: expect.any(String),
          finished_at: expect.any(String),
        },
      ],
      receipts: [],
      engagement: [],
    });
  });

  it('shows all deliveries of a notification', async () => {
    const notification_id = freshId();
    const items = await send(
      renderedFor(someNumber(), { notification_id }),
      renderedFor(someNumber(), { notification_id }),
    );
    const { data } = await sender.service.messages.call(traceDeliveries, {
      tenant: 'school',
      channel: 'sms',
      notification_id,
    });
    expect(data.map(({ id }) => id)).toEqual(items.map(({ delivery_id }) => delivery_id).sort());
    expect(data.every(({ attempts }) => attempts.length === 1)).toBe(true);
  });

  it('hides everything of another tenant', async () => {
    const [item] = (await send(renderedFor(someNumber()))) as [SmsRendered];
    const { delivery_id: id, notification_id } = item;
    const elsewhere = 'shop';
    expect((await list({ notification_id }, 20, null, elsewhere)).data).toEqual([]);
    expect(
      await sender.service.messages.call(traceDeliveries, { tenant: elsewhere, channel: 'sms', notification_id }),
    ).toEqual({ data: [] });
    await expect(get(id, elsewhere)).rejects.toMatchObject({ status: 404, code: 'not_found' });
    await expect(retry(id, elsewhere)).rejects.toMatchObject({ status: 404, code: 'not_found' });
  });

  it('keeps the same id apart in two tenants', async () => {
    const [item] = (await send(renderedFor(someNumber()))) as [SmsRendered];
    await sender.service.messages.publish(
      smsRendered,
      { ...item, text: 'for the shop' },
      { id: 'other', tenant: 'shop' },
    );
    const theirs = await until('the other tenant has its own', () => get(item.delivery_id, 'shop'));
    expect([theirs.content, (await get(item.delivery_id)).content]).toEqual([
      { text: 'for the shop' },
      { text: item.text },
    ]);
  });

  it('answers clearly to ids and filters that cannot be', async () => {
    await expect(get('nonsense')).rejects.toMatchObject({ status: 404 });
    await expect(retry(freshId())).rejects.toMatchObject({ status: 404 });
    await expect(list({ notification_id: 'nonsense' })).rejects.toMatchObject({
      status: 400,
      errors: [{ path: 'filter.notification_id', message: 'must be a UUID' }],
    });
    await expect(list({ since: 'yesterday' })).rejects.toMatchObject({
      status: 400,
      errors: [{ path: 'filter.since' }],
    });
    await expect(list({}, 20, 'nonsense')).rejects.toBeInstanceOf(Problem);
  });

  it('tries a failed delivery again at once, and refuses one that is sent', async () => {
    const item = renderedFor(someNumber());
    sender.provider.script(item.to, { kind: 'permanent', error: 'no' }, { kind: 'accepted', providerMessageId: 'm' });
    await send(item);
    expect(await get(item.delivery_id)).toMatchObject({ status: 'failed', error: 'no' });
    expect((await retry(item.delivery_id)).status).toMatch(/retrying|sending/);
    await sender.tells(item.delivery_id, 'failed', 'sent');
    expect(await get(item.delivery_id)).toMatchObject({ status: 'sent', retries: 1, error: null });
    await expect(retry(item.delivery_id)).rejects.toMatchObject({
      status: 409,
      code: 'not_retryable',
      detail: 'It is sent; only uncertain and failed deliveries can be tried again.',
    });
  });

  it('tries an uncertain delivery again when a person decides so', async () => {
    const item = renderedFor(someNumber());
    sender.provider.script(
      item.to,
      { kind: 'uncertain', error: 'reset' },
      { kind: 'accepted', providerMessageId: 'm' },
    );
    await send(item);
    await retry(item.delivery_id);
    await sender.tells(item.delivery_id, 'uncertain', 'sent');
  });
});
