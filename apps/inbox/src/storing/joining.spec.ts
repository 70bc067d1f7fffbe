import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deleteNotification,
  getNotification,
  notificationCreated,
  recipientErased,
  type CloudEvent,
  type InAppRendered,
  type NotificationFact,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { InboxUnderTest, renderedFor, someone } from '../../testing/inbox-under-test.ts';
import { service } from '../service.ts';

describe('similar notifications', () => {
  let inbox: InboxUnderTest;
  let created: CloudEvent<NotificationFact>[];
  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
    created = await inbox.service.broker.capture(notificationCreated);
  });
  afterAll(() => inbox?.close());

  const batch = { key: 'conversation-1', window_ms: 600_000 };
  const message = (recipient: string, from: string, changes: Partial<InAppRendered> = {}) =>
    renderedFor(recipient, {
      type: 'new_message',
      title: `${from} wrote to you`,
      actor: { id: from, name: from },
      batch,
      ...changes,
    });
  const outcomesOf = (recipient: string) => created.filter(({ data }) => data.recipient === recipient);
  /** Publishes in this order, and waits until each has been dealt with. */
  async function arrive(...items: InAppRendered[]): Promise<void> {
    for (const item of items) {
      const before = outcomesOf(item.recipient).length;
      await inbox.publish('school', item);
      await until('it is dealt with', () => outcomesOf(item.recipient).length > before);
    }
  }
  const get = (recipient: string, id: string) =>
    inbox.service.messages.call(getNotification, { tenant: 'school', recipient, id });

  it('become one, unread and at the top again, however its recipient had put it away', async () => {
    const recipient = someone();
    const [first, second, third] = ['Amina', 'Baraka', 'Amina'].map((from) => message(recipient, from));
    await arrive(first!);
    await inbox.store('school', renderedFor(recipient));
    await inbox.change(recipient, first!.notification_id, 'read');
    await inbox.change(recipient, first!.notification_id, 'archive');
    expect(await inbox.unread(recipient)).toBe(1);
    const heard = await inbox.signals(recipient);
    await arrive(second!, third!);

    const { data } = await inbox.list(recipient);
    expect(data).toHaveLength(2);
    expect(data[0]).toMatchObject({
      id: first!.notification_id,
      title: 'Amina wrote to you',
      count: 3,
      actors: [{ name: 'Amina' }, { name: 'Baraka' }],
      actor: { name: 'Amina' },
      status: 'unread',
      created_at: first!.created_at,
    });
    expect(await inbox.unread(recipient)).toBe(2);
    await until('both are heard', () => heard.length === 2);
    expect(heard.map(({ data: { created: fresh, updated } }) => [fresh.length, updated[0]?.count])).toEqual([
      [0, 2],
      [0, 3],
    ]);
  });

  it('are found under the id of each, and each is told as created', async () => {
    const recipient = someone();
    const items = [message(recipient, 'Amina'), message(recipient, 'Baraka')];
    await arrive(...items);
    const [one, other] = await Promise.all(items.map(({ notification_id }) => get(recipient, notification_id)));
    expect(other).toEqual(one);
    expect(outcomesOf(recipient).map(({ data }) => data.notification_id)).toEqual(
      items.map(({ notification_id }) => notification_id),
    );
    await inbox.change(recipient, items[1]!.notification_id, 'read');
    expect(await inbox.unread(recipient)).toBe(0);
    await expect(get(someone(), items[1]!.notification_id)).rejects.toMatchObject({ status: 404 });
  });

  it('are counted once each, though two replicas get them side by side and again', async () => {
    const { database, broker } = inbox.service;
    const replica: TestService = await startTestService(service, {}, { database, broker });
    const recipients = Array.from({ length: 5 }, someone);
    const items = Array.from({ length: 300 }, (_, number) =>
      message(recipients[number % 5]!, `sender ${number % 7}`, {
        batch: { ...batch, key: `conversation ${number % 2}` },
      }),
    );
    // Both replicas consume; every third item comes twice, and in messages of their own so that they run in parallel.
    for (const item of [...items, ...items.filter((_, number) => number % 3 === 0)]) {
      await new Promise(setImmediate);
      void inbox.publish('school', item);
    }
    await until('all are told', () => recipients.every((one) => outcomesOf(one).length === 80));
    for (const recipient of recipients) {
      const { data } = await inbox.list(recipient);
      expect(data.map(({ count }) => count)).toEqual([30, 30]);
    }
    await replica.close();
  });

  it('begin a row of their own when the window is over, or the row is full', async () => {
    const recipient = someone();
    const soon = { ...batch, window_ms: 1 };
    await arrive(message(recipient, 'a', { batch: soon }), message(recipient, 'b', { batch: soon }));
    expect((await inbox.list(recipient)).data.map(({ count }) => count)).toEqual([1, 1]);
    const crowded = someone();
    await arrive(...['a', 'b', 'c'].map((from) => message(crowded, from, { batch: { ...batch, max: 2 } })));
    expect((await inbox.list(crowded)).data.map(({ count }) => count)).toEqual([1, 2]);
  });

  it('do not join a row that was deleted, and do not bring it back', async () => {
    const recipient = someone();
    const [first, second, third] = ['a', 'b', 'c'].map((from) => message(recipient, from));
    await arrive(first!, second!);
    const request = { tenant: 'school', recipient, id: second!.notification_id };
    expect(await inbox.service.messages.call(deleteNotification, request)).toEqual({ deleted: 1 });
    expect(await inbox.service.messages.call(deleteNotification, request)).toEqual({ deleted: 0 });
    await arrive(second!);
    expect((await inbox.list(recipient)).ids).toEqual([]);
    await arrive(third!);
    expect((await inbox.list(recipient)).data).toMatchObject([{ id: third!.notification_id, count: 1 }]);
  });

  it('are forgotten with their recipient, and refused when they come late', async () => {
    const recipient = someone();
    const [first, second, late] = ['a', 'b', 'c'].map((from) => message(recipient, from));
    await arrive(first!, second!);
    const erased_at = new Date().toISOString();
    await inbox.service.messages.publish(
      recipientErased,
      { recipient, erased_at },
      { id: recipient, tenant: 'school' },
    );
    await until('it is gone', async () => (await inbox.list(recipient)).ids.length === 0);
    const joined = await inbox.service.database.query('SELECT FROM inbox.joined_notifications WHERE recipient = $1', [
      recipient,
    ]);
    expect(joined).toEqual([]);
    await inbox.publish('school', { ...late!, created_at: first!.created_at });
    await arrive(message(someone(), 'later'));
    expect((await inbox.list(recipient)).ids).toEqual([]);
  });
});
