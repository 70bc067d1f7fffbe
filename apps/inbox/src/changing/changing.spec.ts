import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deleteNotification,
  deleteRead,
  getNotification,
  markAllRead,
  notificationRead,
  type CloudEvent,
  type InAppRendered,
  type NotificationChange,
  type NotificationFact,
} from '@carillon/contracts';
import { until } from '@carillon/testing';
import { InboxUnderTest, renderedFor, secondsFromNow, someone } from '../../testing/inbox-under-test.ts';

describe('what recipients do with their notifications', () => {
  let inbox: InboxUnderTest;
  let outcomes: CloudEvent<NotificationFact>[];

  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
    outcomes = await inbox.service.broker.capture(notificationRead);
  });
  afterAll(() => inbox?.close());

  const change: InboxUnderTest['change'] = (...request) => inbox.change(...request);
  const unread = (recipient: string) => inbox.unread(recipient);
  const outcomesOf = (recipient: string) => outcomes.filter(({ data }) => data.recipient === recipient);
  const deleteOne = (recipient: string, id: string, tenant = 'school') =>
    inbox.service.messages.call(deleteNotification, { tenant, recipient, id });
  const deleteAllRead = (recipient: string, tenant = 'school') =>
    inbox.service.messages.call(deleteRead, { tenant, recipient });
  const readAll = (recipient: string, filter: { type?: string; category?: string } = {}, tenant = 'school') =>
    inbox.service.messages.call(markAllRead, { tenant, recipient, ...filter });
  const get = (recipient: string, id: string) =>
    inbox.service.messages.call(getNotification, { tenant: 'school', recipient, id });
  /** One in the inbox of somebody who has no other. */
  async function stored(changes: Partial<InAppRendered> = {}) {
    const rendered = renderedFor(someone(), changes);
    await inbox.store('school', rendered);
    return { recipient: rendered.recipient, id: rendered.notification_id, rendered };
  }

  /** Outcomes arrive in order, so once a later one is here, all earlier ones are. */
  async function outcomesSettled(): Promise<void> {
    const { recipient, id } = await stored();
    await change(recipient, id, 'read');
    await until('the last outcome', () => outcomesOf(recipient).length === 1);
  }

  describe('reading', () => {
    it('is counted no longer and told to the world once, however often it is asked', async () => {
      const { recipient, id, rendered } = await stored();
      await inbox.store('school', renderedFor(recipient));

      const first = await change(recipient, id, 'read');
      const again = await change(recipient, id, 'read');

      expect(first).toMatchObject({ id, status: 'read', read: true, seen_at: first.read_at });
      expect(again).toEqual(first);
      expect(await unread(recipient)).toBe(1);
      await outcomesSettled();
      expect(outcomesOf(recipient)).toMatchObject([
        { tenant: 'school', subject: recipient, data: { notification_id: id, type: rendered.type, at: first.read_at } },
      ]);
    });

    it('can be undone, and is no first reading the second time', async () => {
      const { recipient, id } = await stored();
      await change(recipient, id, 'read');
      expect(await change(recipient, id, 'unread')).toMatchObject({ status: 'unread', read: false, read_at: null });
      expect(await unread(recipient)).toBe(1);
      await change(recipient, id, 'read');

      expect(await unread(recipient)).toBe(0);
      await outcomesSettled();
      expect(outcomesOf(recipient)).toHaveLength(1);
    });

    it('has the same time for ten that read at once', async () => {
      const { recipient, id } = await stored();
      const answers = await Promise.all(Array.from({ length: 10 }, () => change(recipient, id, 'read')));
      expect(new Set(answers.map(({ read_at }) => read_at)).size).toBe(1);
      await outcomesSettled();
      expect(new Set(outcomesOf(recipient).map(({ id: outcome }) => outcome)).size).toBe(1);
    });

    it('of all makes each known, and changes nothing the second time', async () => {
      const recipient = someone();
      const bystander = renderedFor(someone());
      const many = Array.from({ length: 620 }, () => renderedFor(recipient));
      await inbox.store('school', bystander, ...many);

      expect(await readAll(recipient)).toEqual({ updated: 620 });
      expect(await readAll(recipient)).toEqual({ updated: 0 });
      expect(await unread(recipient)).toBe(0);
      expect(await unread(bystander.recipient)).toBe(1);
      await outcomesSettled();
      const told = outcomesOf(recipient).map(({ data }) => data.notification_id);
      expect(told.sort()).toEqual(many.map(({ notification_id }) => notification_id).sort());
    });

    it('of all may be of a type or a category alone', async () => {
      const recipient = someone();
      const of = (type: string, category: string) => renderedFor(recipient, { type, category });
      await inbox.store('school', of('a', 'x'), of('a', 'y'), of('b', 'x'), of('b', 'y'));
      expect(await readAll(recipient, { type: 'a', category: 'x' })).toEqual({ updated: 1 });
      expect(await readAll(recipient, { type: 'a' })).toEqual({ updated: 1 });
      expect(await readAll(recipient, { category: 'x' })).toEqual({ updated: 1 });
      expect(await unread(recipient)).toBe(1);
    });

    it('of all leaves expired, archived and snoozed ones: they are not in the inbox', async () => {
      const recipient = someone();
      const [archived, snoozed] = [renderedFor(recipient), renderedFor(recipient)];
      await inbox.store('school', archived, snoozed, renderedFor(recipient, { expires_at: secondsFromNow(-1) }));
      await change(recipient, archived.notification_id, 'archive');
      await change(recipient, snoozed.notification_id, { to: 'snooze', until: secondsFromNow(60) });
      expect(await readAll(recipient)).toEqual({ updated: 0 });
      expect(await get(recipient, archived.notification_id)).toMatchObject({ status: 'archived', read: false });
    });

    it('is told even if a crash kept it from being told', async () => {
      const { recipient, id } = await stored();
      // What a replica leaves behind that dies between its commit and the broker's confirm.
      await inbox.service.database.query(
        'UPDATE inbox.notifications SET read_at = now(), seen_at = now(), first_read_at = now() WHERE recipient = $1',
        [recipient],
      );
      await change(recipient, id, 'read');
      await until('the outcome', () => outcomesOf(recipient).length === 1);
    });
  });

  describe('seeing', () => {
    it('is kept apart from reading', async () => {
      const { recipient, id } = await stored();
      const seen = await change(recipient, id, 'seen');
      expect(seen).toMatchObject({ status: 'unread', seen_at: expect.any(String), read_at: null });
      expect(await change(recipient, id, 'seen')).toEqual(seen);
      expect((await change(recipient, id, 'read')).seen_at).toBe(seen.seen_at);
    });
  });

  describe('archiving', () => {
    it('takes it out of the inbox and the count, and back to its place', async () => {
      const { recipient, id } = await stored();
      await inbox.store('school', renderedFor(recipient));
      const before = await inbox.list(recipient);

      const archived = await change(recipient, id, 'archive');
      expect(archived).toMatchObject({ status: 'archived', read: false, archived_at: expect.any(String) });
      expect(await change(recipient, id, 'archive')).toEqual(archived);
      expect(await unread(recipient)).toBe(1);
      expect((await inbox.list(recipient)).ids).not.toContain(id);
      expect((await inbox.list(recipient, { status: 'archived' })).ids).toEqual([id]);

      expect(await change(recipient, id, 'unarchive')).toMatchObject({ status: 'unread', archived_at: null });
      expect(await inbox.list(recipient)).toMatchObject({ ids: before.ids });
      expect(await unread(recipient)).toBe(2);
    });
  });

  describe('snoozing', () => {
    it('hides it, and has it back at the top, unread, at that very moment', async () => {
      const { recipient, id } = await stored();
      const later = renderedFor(recipient);
      await inbox.store('school', later);
      await change(recipient, id, 'read');

      const until_ = secondsFromNow(1.5);
      const snoozed = await change(recipient, id, { to: 'snooze', until: until_ });
      expect(snoozed).toMatchObject({ status: 'snoozed', snoozed_until: until_, arrived_at: until_, read: false });
      expect(await inbox.list(recipient)).toMatchObject({ ids: [later.notification_id] });
      expect((await inbox.list(recipient, { status: 'snoozed' })).ids).toEqual([id]);
      expect(await unread(recipient)).toBe(1);

      await until('it is back', async () => (await inbox.list(recipient)).ids.length === 2);
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until_));
      expect((await inbox.list(recipient)).ids).toEqual([id, later.notification_id]);
      expect(await unread(recipient)).toBe(2);
      expect((await inbox.list(recipient, { status: 'snoozed' })).ids).toEqual([]);
      expect(await get(recipient, id)).toMatchObject({ status: 'unread', snoozed_until: null, arrived_at: until_ });
    });

    it('can be done again for another time, and ended', async () => {
      const { recipient, id } = await stored();
      const first = { to: 'snooze' as const, until: secondsFromNow(3600) };
      const once = await change(recipient, id, first);
      expect(await change(recipient, id, first)).toMatchObject({ ...once, time_ago: expect.any(String) });
      const second = { to: 'snooze' as const, until: secondsFromNow(7200) };
      expect(await change(recipient, id, second)).toMatchObject({ snoozed_until: second.until });
      await inbox.store('school', renderedFor(recipient));

      const awake = await change(recipient, id, 'unsnooze');
      expect(awake).toMatchObject({ status: 'unread', snoozed_until: null });
      expect((await inbox.list(recipient)).ids[0]).toBe(id);
      expect(await change(recipient, id, 'unsnooze')).toEqual(awake);
    });

    it('ends with archiving, and takes an archived one back', async () => {
      const { recipient, id } = await stored();
      const snooze = { to: 'snooze' as const, until: secondsFromNow(3600) };
      await change(recipient, id, snooze);
      expect(await change(recipient, id, 'archive')).toMatchObject({ status: 'archived', snoozed_until: null });
      expect(await change(recipient, id, snooze)).toMatchObject({ status: 'snoozed', archived_at: null });
    });

    it.each([
      ['the past', -1, 'is past; name a time to come'],
      ['more than a year ahead', 367 * 86_400, /more than a year/],
    ])('is refused for %s, with the cure', async (_, seconds, message) => {
      const { recipient, id } = await stored();
      await expect(change(recipient, id, { to: 'snooze', until: secondsFromNow(seconds) })).rejects.toMatchObject({
        status: 422,
        code: 'invalid_snooze',
        errors: [{ path: 'until', message: expect.stringMatching(message) }],
      });
      expect(await get(recipient, id)).toMatchObject({ status: 'unread' });
    });
  });

  describe('deleting', () => {
    it('takes it away for good, even if it is delivered again, and leaves none of its words', async () => {
      const { recipient, id, rendered } = await stored({ html: '<b>secret</b>', actor: { name: 'Secret' } });
      const lasting = renderedFor(recipient);
      await inbox.store('school', lasting);

      expect(await deleteOne(recipient, id)).toEqual({ deleted: 1 });
      expect(await deleteOne(recipient, id)).toEqual({ deleted: 0 });
      await inbox.publish('school', rendered);
      await inbox.store('school', renderedFor(someone())); // the same queue: the redelivery is dealt with

      await expect(get(recipient, id)).rejects.toMatchObject({ status: 404 });
      await expect(change(recipient, id, 'unread')).rejects.toMatchObject({ status: 404 });
      for (const status of ['inbox', 'all'] as const)
        expect((await inbox.list(recipient, { status })).ids).toEqual([lasting.notification_id]);
      expect(await unread(recipient)).toBe(1);
      const [row] = await inbox.stored('school', [id]);
      expect(JSON.stringify(row)).not.toMatch(/secret|INV-1001/i);
    });

    it('of all that are read leaves the others, archived and snoozed ones too', async () => {
      const recipient = someone();
      const [read, archived, unreadOne] = [renderedFor(recipient), renderedFor(recipient), renderedFor(recipient)];
      await inbox.store('school', read, archived, unreadOne);
      for (const { notification_id } of [read, archived]) await change(recipient, notification_id, 'read');
      await change(recipient, archived.notification_id, 'archive');

      expect(await deleteAllRead(recipient)).toEqual({ deleted: 1 });
      expect(await deleteAllRead(recipient)).toEqual({ deleted: 0 });
      const left = (await inbox.list(recipient, { status: 'all' })).ids;
      expect(left.sort()).toEqual([archived.notification_id, unreadOne.notification_id].sort());
    });

    it('of one that never was is a 404', async () => {
      await expect(deleteOne(someone(), '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e')).rejects.toMatchObject({ status: 404 });
      await expect(deleteOne(someone(), 'none')).rejects.toMatchObject({ status: 404 });
    });
  });

  it('is nobody else’s business: another recipient or tenant can do nothing with it', async () => {
    const { recipient, id } = await stored();
    const [row] = await inbox.stored('school', [id]);
    const notFound = { status: 404, code: 'not_found' };
    const changes: (NotificationChange | 'read' | 'unread' | 'seen' | 'archive' | 'unarchive' | 'unsnooze')[] = [
      'read',
      'unread',
      'seen',
      'archive',
      'unarchive',
      'unsnooze',
      { to: 'snooze', until: secondsFromNow(60) },
    ];
    for (const one of changes) {
      await expect(change(someone(), id, one)).rejects.toMatchObject(notFound);
      await expect(change(recipient, id, one, 'shop')).rejects.toMatchObject(notFound);
    }
    await expect(deleteOne(someone(), id)).rejects.toMatchObject(notFound);
    await expect(deleteOne(recipient, id, 'shop')).rejects.toMatchObject(notFound);
    await readAll(recipient, {}, 'shop');
    await deleteAllRead(recipient, 'shop');
    expect(await inbox.stored('school', [id])).toEqual([row]);
  });
});
