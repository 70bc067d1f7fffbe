import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eraseRecipient,
  freshId,
  getDecision,
  getPreferences,
  getRecipient,
  notificationRouted,
  personalData,
  putRecipient,
  recipientErased,
  setPreferences,
  type CloudEvent,
  type NotificationRouted,
  type RecipientErased,
} from '@carillon/contracts';
import { cuttableProxy, startTestService, testBroker, unique, until, type TestService } from '@carillon/testing';
import pg from 'pg';
import { NotificationStore } from '../notifications/notification-store.ts';
import { service } from '../service.ts';
import { Erasures } from './erasures.ts';

describe('erasing people', () => {
  let test: TestService;
  let routed: CloudEvent<NotificationRouted>[];
  let told: CloudEvent<RecipientErased>[];

  beforeAll(async () => {
    test = await startTestService(service);
    routed = await test.broker.capture(notificationRouted);
    told = await test.broker.capture(recipientErased);
  });
  afterAll(() => test.close());

  const someone = (): string => `recipient-${unique()}`;
  const create = (id: string, tenant = 'school') =>
    test.messages.call(putRecipient, { tenant, id, recipient: { name: 'Amina', email: `${id}@example.org` } });
  const erase = (recipient: string, tenant = 'school') => test.messages.call(eraseRecipient, { tenant, recipient });
  const routedTo = (id: string) => routed.filter(({ data }) => data.recipient.id === id);
  const announced = (id: string, times = 1) =>
    until('it is told', () => {
      const events = told.filter(({ data }) => data.recipient === id);
      return events.length >= times && events;
    });

  /** Has them notified, and answers with the notification's id. */
  async function notify(id: string, tenant = 'school'): Promise<string> {
    const before = routedTo(id).length;
    test.broker.publish('events', 'user.registered', {
      specversion: '1.0',
      id: freshId(),
      source: '/users',
      type: 'user.registered',
      tenant,
      data: { recipient_id: id },
    });
    await until('it is routed', () => routedTo(id).length > before);
    return routedTo(id).at(-1)!.data.notification_id;
  }
  const rowsOf = async (id: string, tenant = 'school'): Promise<number[]> => {
    const [row] = await test.database.query<Record<string, number>>(
      `SELECT (SELECT count(*)::int FROM preferences.recipients WHERE tenant = $2 AND id = $1) AS recipients,
              (SELECT count(*)::int FROM preferences.notifications WHERE tenant = $2 AND recipient = $1) AS notifications,
              (SELECT count(*)::int FROM preferences.throttles WHERE tenant = $2 AND recipient = $1) AS throttles`,
      [id, tenant],
    );
    return Object.values(row!);
  };

  it('leaves nothing but the id and the time, and tells the others once the broker confirms', async () => {
    const id = someone();
    await create(id);
    await create(id, 'shop');
    await test.messages.call(setPreferences, {
      tenant: 'school',
      recipient: id,
      mode: 'merge',
      preferences: { channels: { sms: false } },
    });
    const notification_id = await notify(id);
    await notify(id, 'shop');
    await test.database.query(
      `INSERT INTO preferences.throttles (tenant, recipient, type, admitted) VALUES ('school', $1, 'welcome', '[]')`,
      [id],
    );
    expect(await rowsOf(id)).toEqual([1, 1, 1]);

    const before = Date.now();
    const { recipient, erased_at } = await erase(id);
    expect(recipient).toBe(id);
    expect(Date.parse(erased_at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(erased_at)).toBeLessThanOrEqual(Date.now());
    expect(await rowsOf(id)).toEqual([0, 0, 0]);
    expect(await rowsOf(id, 'shop')).toEqual([1, 1, 0]);
    for (const question of [
      test.messages.call(getRecipient, { tenant: 'school', id }),
      test.messages.call(getPreferences, { tenant: 'school', recipient: id }),
      test.messages.call(getDecision, { tenant: 'school', notification_id }),
    ])
      await expect(question).rejects.toMatchObject({ status: 404 });
    const [event] = await announced(id);
    expect(event).toMatchObject({ tenant: 'school', subject: id, data: { recipient: id, erased_at } });
    await until(
      'that it was told is kept',
      async () =>
        (
          await test.database.query(
            'SELECT FROM preferences.erased_recipients WHERE recipient = $1 AND announced_at IS NOT NULL',
            [id],
          )
        ).length === 1,
    );
  });

  it('changes nothing when it is repeated, and knows nobody who never was', async () => {
    const id = someone();
    await expect(erase(id)).rejects.toMatchObject({ status: 404 });
    await create(id);
    const first = await erase(id);
    expect(await erase(id)).toEqual(first);
    expect(await Promise.all([erase(id), erase(id)])).toEqual([first, first]);
    await expect(erase(id, 'shop')).rejects.toMatchObject({ status: 404 });
    const other = someone();
    await create(other);
    await erase(other);
    await announced(other);
    expect(told.filter(({ data }) => data.recipient === id)).toHaveLength(1);
  });

  it('begins with nothing for somebody who is created anew, and can erase them again', async () => {
    const id = someone();
    await create(id);
    await test.messages.call(setPreferences, {
      tenant: 'school',
      recipient: id,
      mode: 'merge',
      preferences: { channels: { sms: false } },
    });
    const first = await erase(id);
    await create(id);
    expect(await test.messages.call(getPreferences, { tenant: 'school', recipient: id })).toEqual({});
    const notification = await notify(id);
    await announced(id);
    expect(await test.messages.call(getDecision, { tenant: 'school', notification_id: notification })).toBeDefined();

    const second = await erase(id);
    expect(Date.parse(second.erased_at)).toBeGreaterThan(Date.parse(first.erased_at));
    expect(await rowsOf(id)).toEqual([0, 0, 0]);
    const events = await announced(id, 2);
    expect(events.map(({ data }) => data.erased_at)).toEqual([first.erased_at, second.erased_at]);
    expect(new Set(events.map((event) => event.id)).size).toBe(2);
  });

  it('knows what is older than an erasure and what is not', async () => {
    const [id, other] = [someone(), someone()];
    await create(id);
    const at = Date.parse((await erase(id)).erased_at);
    const erasures = test.running.app.get(Erasures);
    const asked = [at - 1, at, at + 1].map((ms) => ({ tenant: 'school', id, at: ms }));
    expect(await erasures.areErased(asked)).toEqual([true, true, false]);
    expect(
      await erasures.areErased([
        { tenant: 'shop', id, at },
        { tenant: 'school', id: other, at },
      ]),
    ).toEqual([false, false]);
    expect(await erasures.areErased([])).toEqual([]);
  });

  it('completes and announces what a replica left behind that died in the middle', async () => {
    const id = someone();
    await test.database.query(
      `INSERT INTO preferences.erased_recipients (tenant, recipient, erased_at) VALUES ('school', $1, 'infinity')`,
      [id],
    );
    const [event] = await announced(id);
    expect(Math.abs(Date.parse(event!.data.erased_at) - Date.now())).toBeLessThan(10_000);
    expect((await erase(id)).erased_at).toBe(event!.data.erased_at);
  });

  it('forgets what was being decided at that very moment, before anybody is told', async () => {
    const id = someone();
    await create(id);
    const client = new pg.Client({ connectionString: test.database.url('preferences') });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO notifications (tenant, recipient, id, event_id, event_type, event_source, type, category, priority,
           created_at, channels, deliveries) VALUES ('school', $1, $2, $2, 't', '/s', 't', 'c', 'normal', $3, '[]', '[]')`,
        [id, freshId(), new Date().toISOString()],
      );
      await client.query(
        `INSERT INTO throttles (tenant, recipient, type, admitted)
         VALUES ('school', $1, 'old', jsonb_build_array(jsonb_build_object('id', 'x', 'at', $2::bigint))),
                ('school', $1, 'new', jsonb_build_array(jsonb_build_object('id', 'x', 'at', $3::bigint)))`,
        [id, Date.now() - 1000, Date.now() + 60_000],
      );
      await erase(id);
      expect(told.filter(({ data }) => data.recipient === id)).toEqual([]);
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
    await announced(id);
    // What a throttle has admitted since then is of somebody created anew.
    expect(await rowsOf(id)).toEqual([0, 0, 1]);
  });

  it('lets no decision be recorded that is older, whoever found the recipient before', async () => {
    const id = someone();
    await create(id);
    const at = Date.parse((await erase(id)).erased_at);
    const { record } = test.running.app.get(NotificationStore);
    const decided = (ms: number) => ({
      tenant: 'school',
      recipient: id,
      id: freshId(ms),
      event_id: freshId(ms),
      event_type: 't',
      event_source: '/s',
      type: 't',
      category: 'c',
      priority: 'normal',
      created_at: new Date(ms).toISOString(),
      channels: [],
      deliveries: [],
    });
    const [older, newer] = await Promise.all([record(decided(at)), record(decided(at + 1))]);
    expect(older).toBeUndefined();
    expect(newer).toBeDefined();
    expect(await rowsOf(id)).toEqual([0, 1, 0]);
  });

  it('erases hundreds at once, each once', async () => {
    const ids = Array.from({ length: 300 }, someone);
    await Promise.all(ids.map((id) => create(id)));
    await Promise.all(ids.map((id) => erase(id)));
    await until('all are told', () => ids.every((id) => told.some(({ data }) => data.recipient === id)));
    const rows = await test.database.query('SELECT FROM preferences.recipients WHERE id = ANY($1)', [ids]);
    expect(rows).toEqual([]);
  });

  it('can tell before all that is held: the profile with preferences, then the decisions page by page', async () => {
    const id = someone();
    await create(id);
    await test.messages.call(setPreferences, {
      tenant: 'school',
      recipient: id,
      mode: 'merge',
      preferences: { channels: { sms: false } },
    });
    const notifications = [await notify(id), await notify(id), await notify(id)];
    const pages = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page: Awaited<ReturnType<typeof ask>> = await ask(id, cursor ?? null);
      pages.push(page);
      cursor = page.next;
    }
    expect(pages.map(({ section, rows }) => [section, rows.length])).toEqual([
      ['profile', 1],
      ['decisions', 2],
      ['decisions', 1],
    ]);
    expect(pages[0]!.rows[0]).toMatchObject({
      id,
      name: 'Amina',
      email: `${id}@example.org`,
      preferences: { channels: { sms: false } },
    });
    const decisions = pages.flatMap(({ section, rows }) => (section === 'decisions' ? rows : []));
    expect(decisions.map(({ notification_id }) => notification_id)).toEqual(notifications.sort().reverse());
    expect(decisions[0]).toMatchObject({ type: 'welcome', channels: expect.any(Array) });
    expect(decisions[0]!.deliveries).toContainEqual(
      expect.objectContaining({ channel: 'email', address: `${id}@example.org` }),
    );
  });
  const ask = (recipient: string, cursor: string | null) =>
    test.messages.call(personalData, { tenant: 'school', recipient, service: 'preferences', cursor, limit: 2 });
});

describe('erasing while the broker is away', () => {
  it('is certain, and told once it is back', async () => {
    const broker = await testBroker();
    const proxy = await cuttableProxy(broker.url);
    const told = await broker.capture(recipientErased);
    const test = await startTestService(service, { AMQP_URL: proxy.url }, { broker });
    try {
      await test.messages.call(putRecipient, { tenant: 'school', id: 'amina', recipient: {} });
      proxy.cut();
      await until('it is noticed', async () => (await fetch(`${test.running.url}/health/ready`)).status === 503);
      expect(await test.running.app.get(Erasures).erase('school', 'amina')).toBeDefined();
      proxy.restore();
      await until('it is told', () => told.length === 1);
    } finally {
      await test.close();
      await proxy.close();
      await broker.close();
    }
  });
});
