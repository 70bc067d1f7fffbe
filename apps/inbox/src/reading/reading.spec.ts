import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  getNotification,
  inboxFilterSchema,
  inboxStats,
  inboxViews,
  listNotifications,
  missedNotifications,
  type InAppRendered,
  type InboxFilter,
} from '@carillon/contracts';
import { InboxUnderTest, renderedFor, secondsFromNow, someone } from '../../testing/inbox-under-test.ts';

describe('reading an inbox', () => {
  let inbox: InboxUnderTest;

  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
  });
  afterAll(() => inbox?.close());

  const idsOf = (...rendered: InAppRendered[]) => rendered.map(({ notification_id }) => notification_id).sort();
  const stats = (recipient: string, tenant = 'school') =>
    inbox.service.messages.call(inboxStats, { tenant, recipient });
  const missed = async (recipient: string, since: string, limit = 100, tenant = 'school') => {
    const { data, more } = await inbox.service.messages.call(missedNotifications, { tenant, recipient, since, limit });
    return { ids: data.map(({ id }) => id), more };
  };
  /** One after the other, so that their order is certain; the first is the oldest. */
  async function storeInOrder(...rendered: InAppRendered[]): Promise<string[]> {
    for (const one of rendered) await inbox.store('school', one);
    return rendered.map(({ notification_id }) => notification_id);
  }

  it('lists newest first, page by page, without a gap or a repeat while new ones arrive', async () => {
    const recipient = someone();
    const old = (await storeInOrder(...Array.from({ length: 7 }, () => renderedFor(recipient)))).reverse();

    const first = await inbox.list(recipient, {}, { limit: 3 });
    await inbox.store('school', renderedFor(recipient));
    const second = await inbox.list(recipient, {}, { limit: 3, after: first.next });
    const third = await inbox.list(recipient, {}, { limit: 3, after: second.next });

    expect([...first.ids, ...second.ids, ...third.ids]).toEqual(old);
    expect(third.next).toBeNull();
  });

  it.each(inboxViews)('pages through %s of what arrived at the very same moment as well', async (status) => {
    const recipient = someone();
    const rendered = Array.from({ length: 23 }, () => renderedFor(recipient));
    await inbox.store('school', ...rendered);
    for (const { notification_id: id } of rendered) {
      if (status === 'read') await inbox.change(recipient, id, 'read');
      if (status === 'archived' || status === 'all') await inbox.change(recipient, id, 'archive');
      if (status === 'snoozed') await inbox.change(recipient, id, { to: 'snooze', until: '2026-12-24T00:00:00Z' });
    }
    if (status === 'all')
      for (const { notification_id: id } of rendered.slice(9)) await inbox.change(recipient, id, 'unarchive');
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: { ids: string[]; next: string | null } = await inbox.list(recipient, { status }, { limit: 5, after });
      seen.push(...page.ids);
      after = page.next;
    } while (after !== null);
    expect(seen.toSorted()).toEqual(idsOf(...rendered));
  });

  it('puts what comes late at the top, whatever time its event has', async () => {
    const recipient = someone();
    const [now, late] = [renderedFor(recipient), renderedFor(recipient, { created_at: secondsFromNow(-7 * 86_400) })];
    await storeInOrder(now, late);
    const { data } = await inbox.list(recipient);
    expect(data.map(({ id }) => id)).toEqual([late.notification_id, now.notification_id]);
    expect(data[0]).toMatchObject({ created_at: late.created_at, time_ago: 'now' });
  });

  it('says that no page follows when the last one is exactly full', async () => {
    const recipient = someone();
    await inbox.store('school', renderedFor(recipient), renderedFor(recipient));
    expect((await inbox.list(recipient, {}, { limit: 2 })).next).toBeNull();
  });

  it('filters by status, type, category, priority and time, alone and together', async () => {
    const recipient = someone();
    const invoice = renderedFor(recipient, { type: 'invoice_issued', category: 'billing', priority: 'normal' });
    const reminder = renderedFor(recipient, { type: 'payment_due', category: 'billing', priority: 'high' });
    const login = renderedFor(recipient, { type: 'new_login', category: 'security', priority: 'high' });
    const [archived, snoozed] = [renderedFor(recipient), renderedFor(recipient)];
    await storeInOrder(invoice, reminder, archived, snoozed);
    const { data } = await inbox.list(recipient);
    await storeInOrder(login);
    await inbox.change(recipient, reminder.notification_id, 'read');
    await inbox.change(recipient, archived.notification_id, 'archive');
    await inbox.change(recipient, snoozed.notification_id, { to: 'snooze', until: secondsFromNow(3600) });
    const listed = async (filter: Partial<InboxFilter>) => (await inbox.list(recipient, filter)).ids.sort();

    expect(await listed({})).toEqual(idsOf(invoice, reminder, login));
    expect(await listed({ status: 'unread' })).toEqual(idsOf(invoice, login));
    expect(await listed({ status: 'read' })).toEqual(idsOf(reminder));
    expect(await listed({ status: 'archived' })).toEqual(idsOf(archived));
    expect(await listed({ status: 'snoozed' })).toEqual(idsOf(snoozed));
    expect(await listed({ status: 'all' })).toEqual(idsOf(invoice, reminder, login, archived, snoozed));
    expect(await listed({ type: 'new_login' })).toEqual(idsOf(login));
    expect(await listed({ category: 'billing' })).toEqual(idsOf(invoice, reminder));
    expect(await listed({ priority: 'high', category: 'billing', status: 'read' })).toEqual(idsOf(reminder));
    expect(await listed({ priority: 'low' })).toEqual([]);
    const invoiceArrived = data.find(({ id }) => id === invoice.notification_id)!.arrived_at;
    const reminderArrived = data.find(({ id }) => id === reminder.notification_id)!.arrived_at;
    expect(await listed({ since: invoiceArrived, category: 'billing' })).toEqual(idsOf(invoice, reminder));
    expect(await listed({ since: new Date(Date.parse(reminderArrived) + 1).toISOString() })).toEqual(idsOf(login));
  });

  it('finds those in whose title or message all words occur, in any case and order', async () => {
    const recipient = someone();
    const exam = renderedFor(recipient, { title: 'Éxam on Friday', message: 'Bring 100% of your books' });
    const trip = renderedFor(recipient, { title: 'Trip', message: 'On friday we go to Lake_Naivasha' });
    await inbox.store('school', exam, trip, renderedFor(recipient));
    const found = async (q: string) => (await inbox.list(recipient, { q })).ids.sort();
    expect(await found('FRIDAY')).toEqual(idsOf(exam, trip));
    expect(await found('friday lake')).toEqual(idsOf(trip));
    expect(await found('books   éxam')).toEqual(idsOf(exam));
    // What has a meaning in SQL patterns has none here.
    expect(await found('100%')).toEqual(idsOf(exam));
    expect(await found('1%0')).toEqual([]);
    expect(await found('e_n')).toEqual(idsOf(trip));
    expect(await found('_')).toEqual(idsOf(trip));
    expect(await found('\\')).toEqual([]);
    expect(await found(`'; DROP TABLE notifications; --`)).toEqual([]);
  });

  it('pages through what it finds', async () => {
    const recipient = someone();
    const matching = Array.from({ length: 5 }, (_, n) => renderedFor(recipient, { title: `Match ${n}` }));
    const ids = (
      await storeInOrder(...matching.flatMap((one) => [one, renderedFor(recipient, { title: 'Other' })]))
    ).filter((_, place) => place % 2 === 0);
    const first = await inbox.list(recipient, { q: 'match' }, { limit: 2 });
    const second = await inbox.list(recipient, { q: 'match' }, { limit: 2, after: first.next });
    const third = await inbox.list(recipient, { q: 'match' }, { limit: 2, after: second.next });
    expect([...first.ids, ...second.ids, ...third.ids]).toEqual(ids.toReversed());
    expect(third.next).toBeNull();
  });

  it('leaves expired notifications out of lists and counts, but can still show one that is asked for', async () => {
    const recipient = someone();
    const expired = renderedFor(recipient, { expires_at: secondsFromNow(-1) });
    const lasting = renderedFor(recipient, { expires_at: secondsFromNow(60) });
    await inbox.store('school', expired, lasting);
    await inbox.change(recipient, expired.notification_id, 'unread');

    for (const status of ['inbox', 'unread', 'all'] as const)
      expect((await inbox.list(recipient, { status })).ids).toEqual([lasting.notification_id]);
    expect(await inbox.unread(recipient)).toBe(1);
    expect(await stats(recipient)).toMatchObject({ status: { unread: 1 }, unseen: 1 });
    const request = { tenant: 'school', recipient, id: expired.notification_id };
    expect((await inbox.service.messages.call(getNotification, request)).id).toBe(expired.notification_id);
  });

  it('counts by status, category, type and priority', async () => {
    const recipient = someone();
    const of = (type: string, category: string, priority: InAppRendered['priority'] = 'normal') =>
      renderedFor(recipient, { type, category, priority });
    const [read, archived, snoozed] = [of('a', 'x', 'high'), of('a', 'y'), of('b', 'y')];
    await inbox.store('school', of('a', 'x'), of('b', 'x'), read, archived, snoozed, renderedFor(someone()));
    await inbox.change(recipient, read.notification_id, 'read');
    await inbox.change(recipient, archived.notification_id, 'archive');
    await inbox.change(recipient, snoozed.notification_id, { to: 'snooze', until: secondsFromNow(60) });
    expect(await stats(recipient)).toEqual({
      status: { unread: 2, read: 1, archived: 1, snoozed: 1 },
      unseen: 2,
      category: { x: 3 },
      type: { a: 2, b: 1 },
      priority: { normal: 2, high: 1 },
    });
    expect(await stats(someone())).toEqual({
      status: { unread: 0, read: 0, archived: 0, snoozed: 0 },
      unseen: 0,
      category: {},
      type: {},
      priority: {},
    });
  });

  it('tells what somebody has missed since a notification, in order, and nothing twice', async () => {
    const recipient = someone();
    const ids = await storeInOrder(...Array.from({ length: 6 }, () => renderedFor(recipient)));
    expect(await missed(recipient, ids[1]!, 3)).toEqual({ ids: ids.slice(2, 5), more: true });
    expect(await missed(recipient, ids[4]!, 3)).toEqual({ ids: ids.slice(5), more: false });
    expect(await missed(recipient, ids[5]!)).toEqual({ ids: [], more: false });
    // One that has come back, and one that is gone.
    await inbox.change(recipient, ids[0]!, { to: 'snooze', until: secondsFromNow(3600) });
    await inbox.change(recipient, ids[0]!, 'unsnooze');
    expect(await missed(recipient, ids[5]!)).toEqual({ ids: [ids[0]], more: false });
    await expect(missed(recipient, 'yesterday')).rejects.toMatchObject({ status: 400, errors: [{ path: 'since' }] });
  });

  it('tells what somebody has missed since one that is gone by the time of its id', async () => {
    const recipient = someone();
    const ids = await storeInOrder(renderedFor(recipient));
    const [before, after] = [-60, 60].map((seconds) => renderedFor(recipient, { created_at: secondsFromNow(seconds) }));
    expect((await missed(recipient, before!.notification_id)).ids).toEqual(ids);
    expect((await missed(recipient, after!.notification_id)).ids).toEqual([]);
  });

  it('shows nobody another recipient’s or another tenant’s notifications', async () => {
    const [owner, other] = [someone(), someone()];
    const rendered = renderedFor(owner);
    await inbox.store('school', rendered);
    const { notification_id: id } = rendered;
    const { messages } = inbox.service;

    for (const [tenant, recipient] of [
      ['school', other],
      ['shop', owner],
    ] as const) {
      await expect(messages.call(getNotification, { tenant, recipient, id })).rejects.toMatchObject({
        status: 404,
        code: 'not_found',
      });
      for (const status of inboxViews) expect((await inbox.list(recipient, { status }, { tenant })).ids).toEqual([]);
      expect((await inbox.list(recipient, { q: 'invoice' }, { tenant })).ids).toEqual([]);
      expect(await inbox.unread(recipient, tenant)).toBe(0);
      expect((await stats(recipient, tenant)).status.unread).toBe(0);
      expect((await missed(recipient, id, 10, tenant)).ids).toEqual([]);
    }
    expect(await inbox.unread(owner)).toBe(1);
  });

  it('keeps the same id of two tenants apart', async () => {
    const rendered = renderedFor(someone());
    const { recipient, notification_id: id } = rendered;
    await inbox.store('school', { ...rendered, title: 'of the school' });
    await inbox.store('shop', { ...rendered, title: 'of the shop' });
    const titleIn = async (tenant: string) =>
      (await inbox.service.messages.call(getNotification, { tenant, recipient, id })).title;
    expect([await titleIn('school'), await titleIn('shop')]).toEqual(['of the school', 'of the shop']);
  });

  it('answers 404 to an id and 400 to a cursor that are none', async () => {
    const recipient = someone();
    const request = { tenant: 'school', recipient, id: "1' OR '1'='1" };
    await expect(inbox.service.messages.call(getNotification, request)).rejects.toMatchObject({ status: 404 });
    for (const after of ['yesterday', '999999999999999999.019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e', '1.x'])
      await expect(inbox.list(recipient, {}, { after })).rejects.toMatchObject({
        status: 400,
        code: 'invalid_cursor',
        errors: [{ path: 'cursor' }],
      });
    const huge = { after: '999999999999999.019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e' };
    expect(await inbox.list(recipient, {}, huge)).toMatchObject({ ids: [], next: null });
  });

  it('has a view of the inbox when none is named', () => {
    expect(inboxFilterSchema.parse({})).toEqual({ status: 'inbox' });
    expect(listNotifications.example.request.filter.status).toBe('inbox');
  });
});
