import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getNotification, inboxStats, missedNotifications } from '@carillon/contracts';
import { InboxUnderTest, renderedFor, secondsFromNow, someone } from '../../testing/inbox-under-test.ts';

describe('reading an inbox', () => {
  let inbox: InboxUnderTest;

  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
  });
  afterAll(() => inbox?.close());

  const countOf = async (recipient: string, tenant = 'school') =>
    (await inbox.service.messages.call(countUnread, { tenant, recipient })).count;

  it('lists newest first, page by page, without a gap or a repeat while new ones arrive', async () => {
    const recipient = someone();
    const day = 24 * 60 * 60;
    const old = Array.from({ length: 7 }, (_, age) =>
      renderedFor(recipient, { created_at: secondsFromNow(-age * day - 1) }),
    );
    await inbox.store('school', ...old);

    const first = await inbox.list(recipient, {}, { limit: 3 });
    await inbox.store('school', renderedFor(recipient));
    const second = await inbox.list(recipient, {}, { limit: 3, after: first.next });
    const third = await inbox.list(recipient, {}, { limit: 3, after: second.next });

    expect([...first.ids, ...second.ids, ...third.ids]).toEqual(old.map(({ notification_id }) => notification_id));
    expect(third.next).toBeNull();
  });

  it('says that no page follows when the last one is exactly full', async () => {
    const recipient = someone();
    await inbox.store('school', renderedFor(recipient), renderedFor(recipient));
    expect((await inbox.list(recipient, {}, { limit: 2 })).next).toBeNull();
  });

  it('filters by status, type, category and priority, alone and together', async () => {
    const recipient = someone();
    const invoice = renderedFor(recipient, { type: 'invoice_issued', category: 'billing', priority: 'normal' });
    const reminder = renderedFor(recipient, { type: 'payment_due', category: 'billing', priority: 'high' });
    const login = renderedFor(recipient, { type: 'new_login', category: 'security', priority: 'high' });
    await inbox.store('school', invoice, reminder, login);
    await inbox.service.messages.call(markNotification, {
      tenant: 'school',
      recipient,
      id: reminder.notification_id,
      read: true,
    });
    const idsOf = (...rendered: { notification_id: string }[]) =>
      rendered.map(({ notification_id }) => notification_id).sort();
    const listed = async (filter: Parameters<InboxUnderTest['list']>[1]) =>
      (await inbox.list(recipient, filter)).ids.sort();

    expect(await listed({})).toEqual(idsOf(invoice, reminder, login));
    expect(await listed({ status: 'unread' })).toEqual(idsOf(invoice, login));
    expect(await listed({ status: 'read' })).toEqual(idsOf(reminder));
    expect(await listed({ type: 'new_login' })).toEqual(idsOf(login));
    expect(await listed({ category: 'billing' })).toEqual(idsOf(invoice, reminder));
    expect(await listed({ priority: 'high', category: 'billing', status: 'read' })).toEqual(idsOf(reminder));
    expect(await listed({ priority: 'low' })).toEqual([]);
  });

  it('leaves expired notifications out of lists and counts, but can still show one that is asked for', async () => {
    const recipient = someone();
    const expired = renderedFor(recipient, { expires_at: secondsFromNow(-1) });
    const lasting = renderedFor(recipient, { expires_at: secondsFromNow(60) });
    await inbox.store('school', expired, lasting);

    expect((await inbox.list(recipient)).ids).toEqual([lasting.notification_id]);
    expect(await countOf(recipient)).toBe(1);
    const request = { tenant: 'school', recipient, id: expired.notification_id };
    expect((await inbox.service.messages.call(getNotification, request)).id).toBe(expired.notification_id);
  });

  it('shows nobody another recipient’s or another tenant’s notifications', async () => {
    const [owner, other] = [someone(), someone()];
    const rendered = renderedFor(owner);
    await inbox.store('school', rendered);
    const { notification_id: id } = rendered;
    const { messages } = inbox.service;
    const notFound = { status: 404, code: 'not_found' };

    await expect(messages.call(getNotification, { tenant: 'school', recipient: other, id })).rejects.toMatchObject(
      notFound,
    );
    await expect(messages.call(getNotification, { tenant: 'shop', recipient: owner, id })).rejects.toMatchObject(
      notFound,
    );
    await expect(messages.call(traceNotification, { tenant: 'shop', id })).rejects.toMatchObject(notFound);
    expect((await inbox.list(other)).ids).toEqual([]);
    expect((await inbox.list(owner, {}, { tenant: 'shop' })).ids).toEqual([]);
    expect([await countOf(other), await countOf(owner, 'shop'), await countOf(owner)]).toEqual([0, 0, 1]);
  });

  it('keeps the same id of two tenants apart', async () => {
    const rendered = renderedFor(someone());
    await inbox.store('school', { ...rendered, title: 'of the school' });
    await inbox.store('shop', { ...rendered, title: 'of the shop' });
    const trace = (tenant: string) =>
      inbox.service.messages.call(traceNotification, { tenant, id: rendered.notification_id });
    expect([(await trace('school')).title, (await trace('shop')).title]).toEqual(['of the school', 'of the shop']);
  });

  it('finds a notification for an admin who does not know its recipient', async () => {
    const rendered = renderedFor(someone());
    await inbox.store('school', rendered);
    const found = await inbox.service.messages.call(traceNotification, {
      tenant: 'school',
      id: rendered.notification_id,
    });
    expect(found).toMatchObject({ id: rendered.notification_id, title: rendered.title, read: false });
  });

  it('answers 404 to an id and 400 to a cursor that are none', async () => {
    const recipient = someone();
    const request = { tenant: 'school', recipient, id: "1' OR '1'='1" };
    await expect(inbox.service.messages.call(getNotification, request)).rejects.toMatchObject({ status: 404 });
    await expect(inbox.list(recipient, {}, { after: 'yesterday' })).rejects.toMatchObject({
      status: 400,
      code: 'invalid_cursor',
      errors: [{ path: 'cursor' }],
    });
  });
});
