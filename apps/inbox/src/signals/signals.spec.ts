import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deleteNotification,
  deleteRead,
  getNotification,
  inboxChanged,
  inboxKey,
  markAllRead,
} from '@carillon/contracts';
import { until } from '@carillon/testing';
import { InboxUnderTest, renderedFor, secondsFromNow, someone } from '../../testing/inbox-under-test.ts';

describe('signals', () => {
  let inbox: InboxUnderTest;
  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
  });
  afterAll(() => inbox?.close());

  const get = (recipient: string, id: string) =>
    inbox.service.messages.call(getNotification, { tenant: 'school', recipient, id });

  it('tell of a new notification as the API shows it, with the count', async () => {
    const recipient = someone();
    const heard = await inbox.signals(recipient);
    const rendered = renderedFor(recipient);
    await inbox.store('school', rendered, renderedFor(someone()));
    await inbox.store('shop', renderedFor(recipient));
    const signal = await until('it is heard', () => heard[0]);
    expect(signal).toMatchObject({ tenant: 'school', subject: recipient, type: 'carillon.inbox.changed.v1' });
    expect(signal.data).toEqual({
      recipient,
      created: [await get(recipient, rendered.notification_id)],
      updated: [],
      deleted: [],
      reload: false,
      unread_count: 1,
    });
    await inbox.change(recipient, rendered.notification_id, 'seen');
    await until('what comes next is heard', () => heard.length === 2);
  });

  it('tell of many new ones in few messages, each once, in order, with one count', async () => {
    const recipient = someone();
    const heard = await inbox.signals(recipient);
    const many = Array.from({ length: 180 }, (_, n) =>
      renderedFor(recipient, { created_at: secondsFromNow(n - 1000) }),
    );
    await inbox.store('school', ...many);
    const created = () => heard.flatMap(({ data }) => data.created.map(({ id }) => id));
    await until('all are heard', () => created().length === many.length);
    expect(created().sort()).toEqual(many.map(({ notification_id }) => notification_id).sort());
    expect(heard.length).toBeLessThan(20);
    expect(heard.at(-1)!.data.unread_count).toBe(180);
    for (const { data } of heard) {
      const ids = data.created.map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted());
    }
  });

  it('tell of every change once, and of a repeated one not at all', async () => {
    const recipient = someone();
    const rendered = renderedFor(recipient);
    const id = rendered.notification_id;
    await inbox.store('school', rendered);
    const heard = await inbox.signals(recipient);
    const steps = ['seen', 'read', 'unread', 'archive', 'unarchive'] as const;
    for (const step of steps) for (let times = 0; times < 2; times++) await inbox.change(recipient, id, step);
    const snooze = { to: 'snooze' as const, until: secondsFromNow(3600) };
    for (let times = 0; times < 2; times++) await inbox.change(recipient, id, snooze);
    for (let times = 0; times < 2; times++) await inbox.change(recipient, id, 'unsnooze');
    for (let times = 0; times < 2; times++)
      await inbox.service.messages.call(deleteNotification, { tenant: 'school', recipient, id });
    await until('the last is heard', () => heard.some(({ data }) => data.deleted.length > 0));
    expect(
      heard.map(({ data: { updated, deleted, unread_count } }) => [updated[0]?.status ?? deleted, unread_count]),
    ).toEqual([
      ['unread', 1],
      ['read', 0],
      ['unread', 1],
      ['archived', 0],
      ['unread', 1],
      ['snoozed', 0],
      ['unread', 1],
      [[id], 0],
    ]);
  });

  it('tell of many changes at once in one message: a few by themselves, of more that lists are to be read anew', async () => {
    const recipient = someone();
    await inbox.store('school', ...Array.from({ length: 30 }, () => renderedFor(recipient)));
    const heard = await inbox.signals(recipient);
    const owner = { tenant: 'school', recipient };
    await inbox.service.messages.call(markAllRead, owner);
    await inbox.service.messages.call(markAllRead, owner);
    await inbox.store('school', ...Array.from({ length: 600 }, () => renderedFor(recipient)));
    await until('the new ones are heard', () => heard.flatMap(({ data }) => data.created).length === 600);
    const before = heard.length;
    await inbox.service.messages.call(markAllRead, owner);
    await inbox.service.messages.call(deleteRead, owner);
    await inbox.service.messages.call(deleteRead, owner);
    await inbox.store('school', renderedFor(recipient));
    await until('what came last is heard', () => heard.at(-1)?.data.unread_count === 1);
    expect(heard[0]!.data.updated).toHaveLength(30);
    expect(heard[0]!.data).toMatchObject({ reload: false, unread_count: 0 });
    expect(
      heard.slice(before).map(({ data: { reload, unread_count, created } }) => [reload, unread_count, created.length]),
    ).toEqual([
      [true, 0, 0],
      [true, 0, 0],
      [false, 1, 1],
    ]);
  });

  it('are repeated when a notification is delivered again: the first may have been lost', async () => {
    const recipient = someone();
    const heard = await inbox.signals(recipient);
    const rendered = renderedFor(recipient);
    await inbox.store('school', rendered);
    await inbox.change(recipient, rendered.notification_id, 'read');
    await inbox.publish('school', rendered);
    await until('it is heard again', () => heard.length === 3);
    expect(heard[2]!.data).toMatchObject({
      created: [{ id: rendered.notification_id, status: 'read' }],
      unread_count: 0,
    });
  });

  it('are published for watched inboxes only, and as long as they are watched', async () => {
    const recipient = someone();
    const heard = await inbox.service.broker.capture({ ...inboxChanged, key: inboxKey('school', recipient) });
    const gets = async () => {
      const rendered = renderedFor(recipient);
      await inbox.store('school', rendered);
      await inbox.change(recipient, rendered.notification_id, 'seen'); // answers once its signal is published, if there is one
    };
    await gets();
    await inbox.watch(recipient, 'shop');
    await gets();
    await inbox.watch(recipient);
    await gets();
    await until('what came while it was watched is heard', () => heard.length === 2);
    await inbox.service.database.query(`UPDATE inbox.watched_inboxes SET until = now() WHERE recipient = $1`, [
      recipient,
    ]);
    await gets();
    await inbox.watch(recipient);
    await gets();
    await until('what came when it was watched again is heard', () => heard.length === 4);
    expect(heard.map(({ data }) => data.unread_count)).toEqual([3, 3, 5, 5]);
  });

  it('leave no gap: what the inbox does not have when it is read after watching comes as a signal', async () => {
    const people = Array.from({ length: 60 }, someone);
    const heard = await Promise.all(
      people.map((recipient) => inbox.service.broker.capture({ ...inboxChanged, key: inboxKey('school', recipient) })),
    );
    const read = await Promise.all(
      people.map(async (recipient) => {
        void inbox.publish('school', renderedFor(recipient));
        await inbox.watch(recipient);
        return (await inbox.list(recipient)).ids.length;
      }),
    );
    for (const [index, recipient] of people.entries())
      await until('the notification is known', () => read[index]! > 0 || heard[index]!.length > 0).catch(
        (cause: unknown) => {
          throw new Error(`${recipient} has a gap`, { cause });
        },
      );
  });
});
