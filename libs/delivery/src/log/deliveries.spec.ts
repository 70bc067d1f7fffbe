import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  cancelDelivery,
  deliveryStats,
  firstIdAt,
  freshId,
  getDelivery,
  listDeliveries,
  Problem,
  retryDeliveries,
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
    sender = await SenderUnderTest.start({ retry: () => ({ delaysSeconds: [], jitter: 0 }) });
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

  it('finds by everything that is known of a delivery, and by part of it', async () => {
    const recipient = `search ${freshId()}`;
    const item = renderedFor(someNumber(), {
      recipient,
      category: `c_${freshId()}`,
      template: { key: `t_${freshId()}`, version: 7, locale: 'en', experiment: freshId(), variant: 'short' },
    });
    const other = renderedFor(someNumber(), { recipient, template: { ...item.template, version: 8, variant: 'long' } });
    sender.provider.script(item.to, { kind: 'permanent', error: 'Vendor: error 4711', code: '4711', technical: true });
    const sid = `SM-${freshId()}`;
    sender.provider.script(other.to, { kind: 'accepted', providerMessageId: sid });
    await send(item, other);
    const found = async (filter: DeliveryFilter) => (await list(filter, 100)).data.map(({ id }) => id);
    const { key: template, experiment } = item.template;
    const created = new Date(Date.now() - 60_000).toISOString();
    const only: DeliveryFilter[] = [
      { recipient, failure: 'technical' },
      { category: item.category },
      { destination: item.to },
      { recipient, provider: 'scripted', error_code: '4711' },
      { template, template_version: 7 },
      { experiment, variant: 'short' },
      { recipient, q: 'ERROR 4711' },
      { q: item.to.slice(-8) },
      { recipient, created_from: created, variant: 'short' },
    ];
    for (const filter of only) expect([filter, await found(filter)]).toEqual([filter, [item.delivery_id]]);
    expect(await found({ provider_message_id: sid })).toEqual([other.delivery_id]);
    expect(await found({ q: sid.toLowerCase() })).toEqual([other.delivery_id]);
    expect(await found({ template })).toHaveLength(2);
    const none: DeliveryFilter[] = [
      { recipient, failure: 'temporary' },
      { recipient, created_to: created },
      { recipient, q: '%' + 'x'.repeat(3) },
      { recipient, q: '__' },
      { provider_message_id: `${sid}0` },
    ];
    for (const filter of none) expect([filter, await found(filter)]).toEqual([filter, []]);
  });

  it('shows addresses in full where a list is asked to', async () => {
    const [item] = (await send(renderedFor(someNumber()))) as [SmsRendered];
    const { data } = await sender.service.messages.call(listDeliveries, {
      tenant: 'school',
      channel: 'sms',
      filter: { notification_id: item.notification_id },
      limit: 1,
      after: null,
      reveal: true,
    });
    expect(data[0]!.destination).toBe(item.to);
  });

  it('tries all that match again, as many as are asked for, and none of them twice', async () => {
    const type = `retry_${freshId()}`;
    const items = Array.from({ length: 5 }, () => renderedFor(someNumber(), { type }));
    for (const { to } of items)
      sender.provider.script(to, { kind: 'retryable', error: 'busy' }, { kind: 'accepted', providerMessageId: to });
    const [delivered] = (await send(renderedFor(someNumber(), { type }), ...items)) as [SmsRendered];
    const again = (filter: DeliveryFilter, limit = 1_000, tenant = 'school') =>
      sender.service.messages.call(retryDeliveries, { tenant, channel: 'sms', filter, limit });
    expect(await again({ type }, 1_000, 'shop')).toEqual({ retried: 0, more: false });
    expect(await again({ type, failure: 'permanent' })).toEqual({ retried: 0, more: false });
    expect(await again({ type }, 2)).toEqual({ retried: 2, more: true });
    expect(await again({ type, status: 'failed' })).toEqual({ retried: 3, more: false });
    expect(await again({ type })).toEqual({ retried: 0, more: false });
    for (const { delivery_id } of items) await sender.tells(delivery_id, 'failed', 'sent');
    for (const { to } of items) expect(sender.provider.askedFor(to)).toHaveLength(2);
    expect(sender.provider.askedFor(delivered.to)).toHaveLength(1);
    await expect(again({ status: 'sent' })).rejects.toMatchObject({
      code: 'invalid_filter',
      errors: [{ path: 'status', message: 'must be uncertain or failed; leave it out for both' }],
    });
  });

  it('counts by group and over time', async () => {
    const type = `stats_${freshId()}`;
    const version = (number: number) => ({ type, template: { key: type, version: number, locale: 'en' } });
    const day = (number: number) => ({
      delivery_id: freshId(Date.parse(`2026-10-0${number}T10:00:00Z`)),
      created_at: `2026-10-0${number}T10:00:00.000Z`,
    });
    const [first, second, third] = [
      renderedFor(someNumber(), { ...version(1), ...day(1) }),
      renderedFor(someNumber(), { ...version(1), ...day(2) }),
      renderedFor(someNumber(), { ...version(2), ...day(2) }),
    ];
    sender.provider.script(third.to, { kind: 'permanent', error: 'no' });
    await send(first, second, third);
    await sender.service.database.query(`UPDATE sms_sender.deliveries SET opened_at = now() WHERE id = $1`, [
      first.delivery_id,
    ]);
    const stats = (changes: object) =>
      sender.service.messages.call(deliveryStats, {
        tenant: 'school',
        channel: 'sms',
        filter: { type, created_from: '2026-10-01T00:00:00Z', created_to: '2026-10-03T00:00:00Z' },
        group_by: 'template',
        interval: 'day',
        ...changes,
      });
    expect(await stats({})).toEqual({
      from: '2026-10-01T00:00:00.000Z',
      to: '2026-10-03T00:00:00.000Z',
      interval: 'day',
      group_by: 'template',
      total: 3,
      by_status: { sent: 2, failed: 1 },
      opened: 1,
      clicked: 0,
      groups: [
        { group: `${type}@1`, total: 2, by_status: { sent: 2 }, opened: 1, clicked: 0 },
        { group: `${type}@2`, total: 1, by_status: { failed: 1 }, opened: 0, clicked: 0 },
      ],
      series: [
        { at: '2026-10-01T00:00:00.000Z', total: 1, groups: { [`${type}@1`]: 1 } },
        { at: '2026-10-02T00:00:00.000Z', total: 2, groups: { [`${type}@1`]: 1, [`${type}@2`]: 1 } },
      ],
    });
    expect(await stats({ tenant: 'shop' })).toMatchObject({ total: 0, groups: [], series: [] });
    expect((await stats({ group_by: 'error_code' })).groups).toEqual([
      expect.objectContaining({ group: null, total: 3 }),
    ]);
    const fresh = (await send(renderedFor(someNumber(), { type, created_at: new Date().toISOString() })))[0]!;
    expect((await stats({ filter: { type }, interval: 'hour', group_by: 'status' })).by_status).toEqual({ sent: 1 });
    expect(fresh.delivery_id > firstIdAt(Date.now() - 60_000)).toBe(true);
    for (const filter of [
      { created_from: '2026-10-02T00:00:00Z', created_to: '2026-10-01T00:00:00Z' },
      { created_from: '2020-10-02T00:00:00Z', created_to: '2026-10-01T00:00:00Z' },
    ])
      await expect(stats({ filter })).rejects.toMatchObject({
        code: 'invalid_period',
        errors: [{ path: 'created_from' }],
      });
  });

  it('takes back what waits for another attempt, and says so', async () => {
    const item = renderedFor(someNumber());
    const cancel = (tenant = 'school') =>
      sender.service.messages.call(cancelDelivery, { tenant, channel: 'sms', id: item.delivery_id });
    sender.provider.script(item.to, { kind: 'permanent', error: 'no' });
    await send(item);
    await expect(cancel()).rejects.toMatchObject({
      status: 409,
      code: 'not_cancellable',
      detail: 'It is failed; only queued and retrying deliveries can be cancelled.',
    });
    await sender.service.database.query(
      `UPDATE sms_sender.deliveries SET status = 'retrying', failure = NULL, next_attempt_at = now() + interval '1 hour'
       WHERE id = $1`,
      [item.delivery_id],
    );
    await expect(cancel('shop')).rejects.toMatchObject({ status: 404 });
    expect(await cancel()).toMatchObject({ status: 'cancelled', next_attempt_at: null });
    expect(await cancel()).toMatchObject({ status: 'cancelled' });
    await sender.tells(item.delivery_id, 'failed', 'cancelled');
    await expect(retry(item.delivery_id)).rejects.toMatchObject({ code: 'not_retryable' });
  });
});
