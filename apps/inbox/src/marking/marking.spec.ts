import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  countUnread,
  markAllRead,
  markNotification,
  notificationRead,
  type CloudEvent,
  type NotificationFact,
} from '@carillon/contracts';
import { until } from '@carillon/testing';
import { InboxUnderTest, renderedFor, secondsFromNow, someone } from '../../testing/inbox-under-test.ts';

describe('marking notifications', () => {
  let inbox: InboxUnderTest;
  let outcomes: CloudEvent<NotificationFact>[];

  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
    outcomes = await inbox.service.broker.capture(notificationRead);
  });
  afterAll(() => inbox?.close());

  const mark = (recipient: string, id: string, read: boolean, tenant = 'school') =>
    inbox.service.messages.call(markNotification, { tenant, recipient, id, read });
  const unread = async (recipient: string) =>
    (await inbox.service.messages.call(countUnread, { tenant: 'school', recipient })).count;
  const outcomesOf = (recipient: string) => outcomes.filter(({ data }) => data.recipient === recipient);

  /** Outcomes arrive in order, so once a later one is here, all earlier ones are. */
  async function outcomesSettled(): Promise<void> {
    const last = renderedFor(someone());
    await inbox.store('school', last);
    await mark(last.recipient, last.notification_id, true);
    await until('the last outcome', () => outcomesOf(last.recipient).length === 1);
  }

  it('marks one read, counts it no longer and tells the world once, however often it is asked', async () => {
    const recipient = someone();
    const rendered = renderedFor(recipient);
    const id = rendered.notification_id;
    await inbox.store('school', rendered, renderedFor(recipient));

    const first = await mark(recipient, id, true);
    const again = await mark(recipient, id, true);

    expect(first).toMatchObject({ id, status: 'read', read: true });
    expect(again).toEqual(first);
    expect(await unread(recipient)).toBe(1);
    await outcomesSettled();
    expect(outcomesOf(recipient)).toMatchObject([
      { tenant: 'school', subject: recipient, data: { notification_id: id, type: rendered.type, at: first.read_at } },
    ]);
  });

  it('marks one unread again, and does not count the second reading as a first', async () => {
    const recipient = someone();
    const rendered = renderedFor(recipient);
    const id = rendered.notification_id;
    await inbox.store('school', rendered);

    await mark(recipient, id, true);
    expect(await mark(recipient, id, false)).toMatchObject({ status: 'unread', read: false, read_at: null });
    expect(await unread(recipient)).toBe(1);
    await mark(recipient, id, true);

    expect(await unread(recipient)).toBe(0);
    await outcomesSettled();
    expect(outcomesOf(recipient)).toHaveLength(1);
  });

  it('gives ten simultaneous readings the same time', async () => {
    const rendered = renderedFor(someone());
    await inbox.store('school', rendered);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => mark(rendered.recipient, rendered.notification_id, true)),
    );
    expect(new Set(answers.map(({ read_at }) => read_at)).size).toBe(1);
    await outcomesSettled();
    expect(new Set(outcomesOf(rendered.recipient).map(({ id }) => id)).size).toBe(1);
  });

  it('marks all read at once, each with its outcome, and nothing the second time', async () => {
    const recipient = someone();
    const bystander = renderedFor(someone());
    const many = Array.from({ length: 620 }, () => renderedFor(recipient));
    await inbox.store('school', bystander, ...many);
    const all = () => inbox.service.messages.call(markAllRead, { tenant: 'school', recipient });

    expect(await all()).toEqual({ updated: 620 });
    expect(await all()).toEqual({ updated: 0 });
    expect(await unread(recipient)).toBe(0);
    expect(await unread(bystander.recipient)).toBe(1);
    await outcomesSettled();
    const told = outcomesOf(recipient).map(({ data }) => data.notification_id);
    expect(told.sort()).toEqual(many.map(({ notification_id }) => notification_id).sort());
  });

  it('does not mark expired ones read: nobody has seen them', async () => {
    const recipient = someone();
    await inbox.store('school', renderedFor(recipient, { expires_at: secondsFromNow(-1) }));
    expect(await inbox.service.messages.call(markAllRead, { tenant: 'school', recipient })).toEqual({ updated: 0 });
  });

  it('tells of a first reading that a crash kept from being told', async () => {
    const rendered = renderedFor(someone());
    await inbox.store('school', rendered);
    // What a replica leaves behind that dies between its commit and the broker's confirm.
    await inbox.service.database.query(
      'UPDATE inbox.notifications SET read_at = now(), first_read_at = now() WHERE recipient = $1',
      [rendered.recipient],
    );
    await mark(rendered.recipient, rendered.notification_id, true);
    await until('the outcome', () => outcomesOf(rendered.recipient).length === 1);
  });

  it('lets nobody mark another recipient’s or another tenant’s notification', async () => {
    const rendered = renderedFor(someone());
    const id = rendered.notification_id;
    await inbox.store('school', rendered);
    await expect(mark(someone(), id, true)).rejects.toMatchObject({ status: 404 });
    await expect(mark(rendered.recipient, id, true, 'shop')).rejects.toMatchObject({ status: 404 });
    await inbox.service.messages.call(markAllRead, { tenant: 'shop', recipient: rendered.recipient });
    expect(await unread(rendered.recipient)).toBe(1);
  });
});
