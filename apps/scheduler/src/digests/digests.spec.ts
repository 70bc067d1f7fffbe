import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  cancelDigest,
  digestDue,
  digestItem,
  digestsWoken,
  digestType,
  dueEvent,
  eventCancelled,
  eventId,
  getDigest,
  listDigests,
  notificationId,
  notificationRead,
  personalData,
  recipientErased,
  runDigest,
  traceDigests,
  type CloudEvent,
  type DigestDue,
  type DigestItem,
  type Window,
} from '@carillon/contracts';
import { startTestService, testBroker, testDatabase, until } from '@carillon/testing';
import type { TestBroker, TestDatabase, TestService } from '@carillon/testing';
import { itemOf, letCome, windowsOf } from '../../testing/digests.ts';
import { migrations } from '../../migrations/index.ts';
import { service } from '../service.ts';

const tenant = 'default';
/** Half a day away, so that none is due by itself while it is looked at, and all are after any batch; in UTC. */
const farHour = (new Date().getUTCHours() + 12) % 24;
const inNairobi = (hour: number) => (hour + 3) % 24;
const daily: Window = { kind: 'digest', frequency: 'daily', hour: inNairobi(farHour), time_zone: 'Africa/Nairobi' };
const batch = (key: string, changes: object = {}): Window => ({
  kind: 'batch',
  type: 'comment_added',
  key,
  mode: 'fixed',
  window_ms: 600_000,
  max_wait_ms: 600_000,
  ...changes,
});

describe('digests', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  /** What came back onto the street. */
  let street: CloudEvent<DigestDue>[];
  let replica: TestService;
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    database = await testDatabase({ scheduler: migrations });
    broker = await testBroker();
    street = (await broker.capture(dueEvent)) as CloudEvent<DigestDue>[];
    replica = await startReplica();
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await broker.close();
    await database.drop();
  });

  async function startReplica(): Promise<TestService> {
    const started = await startTestService(service, {}, { database, broker });
    cleanups.push(() => started.close());
    return started;
  }
  const send = (...items: DigestItem[]) =>
    Promise.all(items.map((item) => replica.messages.publish(digestItem, item, { tenant, id: item.notification_id })));
  const waiting = () =>
    database.query<{ notification_id: string; window_id: string }>(
      `SELECT notification_id, window_id FROM scheduler.digest_items WHERE state = 'waiting' ORDER BY notification_id`,
    );
  const untilWaiting = (count: number) => until(`${count} wait`, async () => (await waiting()).length === count);
  const put = async (...items: DigestItem[]) => {
    const before = (await waiting()).length;
    await send(...items);
    await untilWaiting(before + items.length);
  };
  const told = (n = 1) => until(`${n} came`, () => street.length === n && street);
  const ids = (items: readonly DigestItem[]) => items.map(({ notification_id }) => notification_id);

  it('come once at their time, with all that waited, in the order in which it happened', async () => {
    const items = [itemOf(daily), itemOf(daily), itemOf(daily)];
    await put(items[2]!, items[0]!);
    await put(items[1]!);
    const [window, ...others] = await windowsOf(database);
    expect(others).toEqual([]);
    expect(window!.due_at.getUTCHours()).toBe(farHour);

    await letCome(database);
    const [due] = await told();
    expect(due).toMatchObject({ type: digestDue.type, id: window!.window_id, timer: window!.window_id, tenant });
    expect(due!.data.items).toEqual(items);
    const [closed] = await windowsOf(database);
    expect(closed).toMatchObject({ state: 'closed', items: 3 });
    // Whoever asks what it was sent as is answered before it is decided.
    const event = eventId(Date.parse(due!.time!), tenant, due!.source, due!.id);
    expect(closed!.notification_id).toBe(notificationId(event, digestType, 'amina'));
    expect(await database.query('SELECT item FROM scheduler.digest_items WHERE item IS NOT NULL')).toEqual([]);
  });

  it('take what comes again once, also when their time has come in between', async () => {
    const item = itemOf(daily);
    await put(item);
    await send(item, item);
    await letCome(database);
    await told();
    await send(item);
    const other = itemOf(daily, { recipient: 'bo' }); // travels in the same queue, so what came before it has been dealt with
    await put(other);
    expect(await windowsOf(database)).toHaveLength(1);
    expect(ids(street[0]!.data.items)).toEqual([item.notification_id]);
  });

  it('are told apart by recipient, channel, frequency, category and type', async () => {
    const weekly: Window = { kind: 'digest', frequency: 'weekly', weekday: 'mon', time_zone: 'UTC' };
    await put(
      itemOf(daily),
      itemOf(daily, { channel: 'sms' }),
      itemOf(weekly),
      itemOf({ ...daily, category: 'billing' }),
      itemOf({ ...daily, type: 'comment_added' }),
      itemOf(batch('7')),
      itemOf(batch('8')),
      itemOf(daily, { recipient: 'bo' }),
    );
    const scopes = (await windowsOf(database)).map(({ channel, scope }) => `${channel} ${scope}`);
    expect(scopes.sort()).toEqual([
      'email batch comment_added 7',
      'email batch comment_added 8',
      'email daily',
      'email daily category billing',
      'email daily type comment_added',
      'email weekly',
      'sms daily',
    ]);
    expect(await windowsOf(database, 'bo')).toHaveLength(1);
  });

  it('leave out what has expired, and what was read where that is wanted; with nothing left they do not come', async () => {
    const soon = new Date(Date.now() + 700).toISOString();
    const read = itemOf(daily, { unless_read: true });
    const readToo = itemOf(daily);
    const lapsing = itemOf(daily, { expires_at: soon });
    const alone = itemOf(daily, { recipient: 'bo', unless_read: true });
    await put(read, readToo, lapsing, alone);
    for (const { notification_id, recipient } of [read, readToo, alone]) {
      await replica.messages.publish(
        notificationRead,
        { ...notificationRead.example, notification_id, recipient },
        { tenant, id: notification_id },
      );
    }
    await until('the readings are noted', async () => (await waiting()).length === 2);
    await until('it has expired', () => Date.now() > Date.parse(soon));
    await letCome(database);
    await told();
    expect(ids(street[0]!.data.items)).toEqual([readToo.notification_id]);
    expect((await windowsOf(database, 'bo'))[0]).toMatchObject({ state: 'empty', items: 0, notification_id: null });
    const states = await database.query<{ state: string }>(
      'SELECT state FROM scheduler.digest_items ORDER BY notification_id',
    );
    expect(states.map(({ state }) => state)).toEqual(['read', 'taken', 'expired', 'read']);
  });

  it('batches come at their end, when they are full, or so long after the last one', async () => {
    const full = [1, 2, 3].map(() => itemOf(batch('full', { max_count: 3 })));
    const short = batch('short', { window_ms: 400, max_wait_ms: 400 });
    await send(...full, itemOf(short));
    await told(2);
    expect(street.map(({ data }) => data.items.length).sort()).toEqual([1, 3]);

    const sliding = batch('sliding', { mode: 'sliding', window_ms: 60_000, max_wait_ms: 90_000 });
    const dueAt = async () =>
      (await windowsOf(database)).find(({ scope }) => scope.endsWith(' sliding'))!.due_at.getTime();
    await put(itemOf(sliding));
    const first = await dueAt();
    await database.query(
      `UPDATE scheduler.digest_windows SET due_at = due_at - interval '40 s', latest_at = latest_at - interval '40 s' WHERE state = 'pending'`,
    );
    await put(itemOf(sliding));
    // 40 s later it would be due 60 s after now, but 50 s is as long as it may wait.
    expect(await dueAt()).toBeLessThan(first - 5_000);
    expect(await dueAt()).toBeGreaterThan(first - 15_000);
  });

  it('of a batch carry the last one whole, and of the others as much as a message should', async () => {
    const request = (size: number) => ({
      type: 'comment_added',
      recipients: ['amina'],
      data: { text: 'x'.repeat(size) },
    });
    const items = [150_000, 100_000, 50_000, 200_000].map((size) => itemOf(batch('7'), { request: request(size) }));
    await put(...items);
    await letCome(database);
    await told();
    expect(street[0]!.data.items.map((item) => item.request !== undefined)).toEqual([false, true, true, true]);
  });

  it('are planned anew when their recipient chooses otherwise; what was replanned waits in its new window once', async () => {
    const items = [itemOf(daily), itemOf(daily)];
    await put(...items, itemOf(batch('7')));
    const [window] = (await windowsOf(database)).filter(({ kind }) => kind === 'digest');
    await replica.messages.publish(digestsWoken, { recipient: 'amina', by: 'a change' }, { tenant, id: 'change-1' });
    const [due] = await told();
    expect(due!.data).toMatchObject({ window_id: window!.window_id, woken: { by: 'a change' } });
    expect(ids(due!.data.items)).toEqual(ids(items));

    const again = items.map((item) => ({
      ...item,
      window: { ...daily, hour: inNairobi(farHour + 2) },
      from: window!.window_id,
    }));
    await send(...again, ...again);
    await untilWaiting(3);
    const [, , later] = await windowsOf(database);
    expect(later!.due_at.getUTCHours()).toBe((farHour + 2) % 24);
    await send(...again);
    await letCome(database);
    await told(3);
    expect(
      street
        .slice(1)
        .map(({ data }) => data.items.length)
        .sort(),
    ).toEqual([1, 2]);
  });

  it('are listed, looked into, had sooner and cancelled', async () => {
    const items = [itemOf(daily), itemOf(daily)];
    await put(...items, itemOf(batch('7', { window_ms: 3_600_000 })), itemOf(daily, { recipient: 'bo' }));
    const ask: TestService['messages']['call'] = (...question) => replica.messages.call(...question);
    const list = async (filter: object) =>
      (await ask(listDigests, { tenant, filter: { status: 'pending', ...filter }, limit: 2, after: null })).data;
    expect((await list({ recipient: 'amina' })).map(({ kind, items: count }) => [kind, count])).toEqual([
      ['batch', 1],
      ['digest', 2],
    ]);
    const first = await ask(listDigests, { tenant, filter: { status: 'pending' }, limit: 2, after: null });
    const rest = await ask(listDigests, { tenant, filter: { status: 'pending' }, limit: 2, after: first.next });
    expect(new Set([...first.data, ...rest.data].map(({ id }) => id)).size).toBe(3);
    expect(rest.next).toBeNull();

    const [, digest] = await list({ recipient: 'amina' });
    const detail = await ask(getDigest, { tenant, id: digest!.id });
    expect(detail.contents).toMatchObject(items.map(({ words }) => ({ title: words!.title, status: 'waiting' })));
    await expect(ask(getDigest, { tenant: 'other', id: digest!.id })).rejects.toMatchObject({ status: 404 });

    const [bo] = await list({ recipient: 'bo' });
    expect(await ask(cancelDigest, { tenant, id: bo!.id })).toMatchObject({ status: 'cancelled' });
    expect(await ask(cancelDigest, { tenant, id: bo!.id })).toMatchObject({ status: 'cancelled' });
    await expect(ask(runDigest, { tenant, id: bo!.id })).rejects.toMatchObject({ code: 'digest_ended' });

    await ask(runDigest, { tenant, id: digest!.id });
    await told();
    await expect(ask(cancelDigest, { tenant, id: digest!.id })).rejects.toMatchObject({ code: 'digest_ended' });
    const { data } = await ask(traceDigests, { tenant, notification_id: items[0]!.notification_id });
    expect(data).toMatchObject([{ id: digest!.id, status: 'closed', item: 'taken', channel: 'email' }]);
    expect(data[0]!.notification_id).not.toBeNull();
  });

  it('forget whom is erased, whatever comes late, and what belongs to a cancelled event', async () => {
    const mine = itemOf(daily);
    const cancelled = itemOf(daily, { recipient: 'bo' });
    await put(mine, cancelled);
    const of = { tenant, recipient: 'amina', service: 'scheduler' as const, limit: 1 };
    const { section, next } = await replica.messages.call(personalData, { ...of, cursor: null });
    expect(section).toBe('timers');
    const page = await replica.messages.call(personalData, { ...of, cursor: next });
    expect(page).toMatchObject({ section: 'digest_items', rows: [mine] });
    const end = await replica.messages.call(personalData, { ...of, cursor: page.next });
    expect(end).toEqual({ section: 'digest_items', rows: [], next: null });
    await replica.messages.publish(
      recipientErased,
      { recipient: 'amina', erased_at: new Date().toISOString() },
      { tenant, id: 'erasure-1' },
    );
    await replica.messages.publish(
      eventCancelled,
      { ...eventCancelled.example, event_id: cancelled.event.id, cancelled_at: new Date().toISOString() },
      { tenant, id: 'cancel-1' },
    );
    await untilWaiting(0);
    const late = [itemOf(daily), itemOf(daily, { recipient: 'bo', event: cancelled.event })];
    await send(...late);
    const last = itemOf(daily, { recipient: 'chi' });
    await send(last);
    await until('only the last one waits', async () => {
      const ids = (await waiting()).map(({ notification_id }) => notification_id);
      return ids.length === 1 && ids[0] === last.notification_id;
    });
    expect(await windowsOf(database)).toEqual([]);
  });

  it('lose and double nothing, whatever arrives while two replicas close and one of them is gone', async () => {
    const second = await startReplica();
    const people = Array.from({ length: 20 }, (_, n) => `person-${n}`);
    const items = people.flatMap((recipient) => Array.from({ length: 15 }, () => itemOf(daily, { recipient })));
    const closing = (async () => {
      for (let round = 0; round < 40; round += 1) await letCome(database);
    })();
    for (const part of [0, 1, 2].map((n) => items.slice(n * 100, n * 100 + 100))) {
      await send(...part, ...part.slice(0, 10));
      if (part[0] === items[100]) await second.close();
    }
    await closing;
    await until('all were taken', async () => {
      await letCome(database);
      return street.flatMap(({ data }) => data.items).length >= items.length;
    });
    const got = ids(street.flatMap(({ data }) => data.items));
    expect(got.sort()).toEqual(ids(items).sort());
    expect(new Set(street.map(({ id }) => id)).size).toBe(street.length);
    for (const { data } of street) {
      const times = data.items.map(({ created_at }) => created_at);
      expect(times).toEqual(times.toSorted());
    }
  });
});
