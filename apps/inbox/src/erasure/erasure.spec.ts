import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  notificationCreated,
  personalData,
  recipientErased,
  type CloudEvent,
  type NotificationFact,
  type PersonalDataPage,
} from '@carillon/contracts';
import { until } from '@carillon/testing';
import pg from 'pg';
import { InboxUnderTest, renderedFor, secondsFromNow, someone } from '../../testing/inbox-under-test.ts';

describe('a person who was erased', () => {
  let inbox: InboxUnderTest;
  let created: CloudEvent<NotificationFact>[];

  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
    created = await inbox.service.broker.capture(notificationCreated);
  });
  afterAll(() => inbox?.close());

  const publishErasure = (recipient: string, erased_at: string, tenant = 'school') =>
    inbox.service.messages.publish(
      recipientErased,
      { recipient, erased_at },
      { id: `${recipient} ${erased_at}`, tenant },
    );
  const tombstone = async (recipient: string, tenant = 'school'): Promise<string | undefined> => {
    const [row] = await inbox.service.database.query<{ erased_at: Date }>(
      'SELECT erased_at FROM inbox.erased_recipients WHERE tenant = $1 AND recipient = $2',
      [tenant, recipient],
    );
    return row?.erased_at.toISOString();
  };
  /** Erases, and waits until the message is dealt with to its end. */
  async function erase(recipient: string, erased_at = new Date().toISOString(), tenant = 'school'): Promise<void> {
    await publishErasure(recipient, erased_at, tenant);
    const { broker, messages } = inbox.service;
    const { queue } = broker.names.queues('inbox', recipientErased)[0]!;
    const after = someone();
    await until('the erasure is heard', async () => (await tombstone(recipient, tenant)) !== undefined);
    await messages.publish(recipientErased, { recipient: after, erased_at }, { id: after, tenant });
    await until('one that came later, too', async () => (await tombstone(after, tenant)) !== undefined);
    await until('the queue is empty', async () => (await broker.depth(queue)) === 0);
  }
  const rowsOf = async (recipient: string, tenant = 'school'): Promise<number> =>
    (await inbox.list(recipient, {}, { tenant })).ids.length;
  /** Items travel in one queue, so that once a later one is there, the earlier ones have been dealt with. */
  const passed = () => inbox.store('school', renderedFor(someone()));

  it('has an empty inbox; nobody else loses anything, nor does the same id of another tenant', async () => {
    const [erased, other] = [someone(), someone()];
    await inbox.store('school', renderedFor(erased), renderedFor(erased), renderedFor(other));
    await inbox.store('shop', renderedFor(erased));
    await erase(erased);
    await until('it is empty', async () => (await rowsOf(erased)) === 0);
    expect([await rowsOf(other), await rowsOf(erased, 'shop')]).toEqual([1, 1]);
  });

  it('gets nothing of what was still on its way, and nobody is told of it', async () => {
    const recipient = someone();
    const late = renderedFor(recipient);
    await erase(recipient);
    await inbox.publish('school', late);
    await passed();
    expect(await rowsOf(recipient)).toBe(0);
    expect(created.filter(({ data }) => data.recipient === recipient)).toEqual([]);
  });

  it('may be created anew: what is newer is stored beside what is refused', async () => {
    const recipient = someone();
    const erasedAt = secondsFromNow(-60);
    await erase(recipient, erasedAt);
    const older = renderedFor(recipient, { created_at: erasedAt });
    const newer = renderedFor(recipient, { created_at: new Date(Date.parse(erasedAt) + 1).toISOString() });
    await Promise.all([inbox.publish('school', older), inbox.publish('school', newer)]);
    await passed();
    expect((await inbox.list(recipient)).ids).toEqual([newer.notification_id]);
    // The same erasure, heard again, and an earlier one that was held up.
    await erase(recipient, erasedAt);
    await erase(recipient, secondsFromNow(-3600));
    expect((await inbox.list(recipient)).ids).toEqual([newer.notification_id]);
    expect(await tombstone(recipient)).toBe(erasedAt);
  });

  it('is forgotten by what was being written at that very moment', async () => {
    const recipient = someone();
    const rendered = renderedFor(recipient);
    const client = new pg.Client({ connectionString: inbox.service.database.url('inbox') });
    await client.connect();
    try {
      await client.query('BEGIN');
      // As an insert that began before the tombstone was there, and is committed after.
      await client.query(`INSERT INTO notifications SELECT * FROM json_populate_record(null::notifications, $1)`, [
        JSON.stringify({
          ...rendered,
          tenant: 'school',
          id: rendered.notification_id,
          read_announced: false,
          arrived_at: rendered.created_at,
          count: 1,
        }),
      ]);
      await publishErasure(recipient, new Date().toISOString());
      await until('the tombstone is there', async () => (await tombstone(recipient)) !== undefined);
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
    await until('it is gone', async () => (await inbox.stored('school', [rendered.notification_id])).length === 0);
  });

  it('is forgotten under load, however the two streams meet', async () => {
    const people = Array.from({ length: 40 }, someone);
    const items = people.flatMap((recipient) => Array.from({ length: 15 }, () => renderedFor(recipient)));
    const bystander = Array.from({ length: 50 }, () => renderedFor(someone()));
    const storing = [...items, ...bystander].map((item) => inbox.publish('school', item));
    const erasedAt = new Date().toISOString();
    const erasing = people.map((recipient) => publishErasure(recipient, erasedAt));
    await Promise.all([...storing, ...erasing]);
    await passed();
    const ids = items.map(({ notification_id }) => notification_id);
    await until('all are gone', async () => {
      const rows = await Promise.all(people.map(tombstoneOf));
      return rows.every(Boolean) && (await inbox.stored('school', ids)).length === 0;
    });
    await until(
      'the others are there',
      async () =>
        (
          await inbox.stored(
            'school',
            bystander.map(({ notification_id }) => notification_id),
          )
        ).length === 50,
    );
  });
  const tombstoneOf = (recipient: string) => tombstone(recipient);
});

describe('the export of an inbox', () => {
  let inbox: InboxUnderTest;
  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
  });
  afterAll(() => inbox?.close());

  it('has all of it, newest first, expired ones too, page by page, and nothing internal', async () => {
    const recipient = someone();
    const items = [0, 1, 2, 3, 4].map((n) => renderedFor(recipient, { created_at: secondsFromNow(n - 10) }));
    items[2] = { ...items[2]!, expires_at: secondsFromNow(-1) };
    await inbox.store('school', ...items, renderedFor(someone()));
    await inbox.store('shop', renderedFor(recipient));
    const rows: Record<string, unknown>[] = [];
    let cursor: string | null = null;
    do {
      const page: PersonalDataPage = await inbox.service.messages.call(personalData, {
        tenant: 'school',
        recipient,
        service: 'inbox',
        cursor,
        limit: 2,
      });
      expect(page.section).toBe('notifications');
      rows.push(...page.rows);
      cursor = page.next;
    } while (cursor !== null);
    expect(rows.map(({ id }) => id)).toEqual(items.map(({ notification_id }) => notification_id).reverse());
    expect(rows[0]).toMatchObject({ title: items[4]!.title, status: 'unread', read_at: null });
    for (const internal of ['tenant', 'delivery_id', 'read_announced', 'first_read_at'])
      expect(rows[0]).not.toHaveProperty(internal);
  });

  it('refuses a cursor that is none', async () => {
    await expect(
      inbox.service.messages.call(personalData, {
        tenant: 'school',
        recipient: someone(),
        service: 'inbox',
        cursor: `'; --`,
        limit: 2,
      }),
    ).rejects.toMatchObject({ status: 400 });
  });
});
