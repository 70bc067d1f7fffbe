import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  cloudEventsBatchJson,
  deadLetter,
  getNotification,
  inAppChunkRendered,
  inAppRendered,
  notificationCreated,
  recipientErased,
  type CloudEvent,
  type DeadLetter,
  type NotificationFact,
} from '@carillon/contracts';
import { until } from '@carillon/testing';
import { InboxUnderTest, renderedFor, someone } from '../../testing/inbox-under-test.ts';

describe('storing notifications', () => {
  let inbox: InboxUnderTest;
  let created: CloudEvent<NotificationFact>[];
  let parked: CloudEvent<DeadLetter>[];

  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
    created = await inbox.service.broker.capture(notificationCreated);
    parked = await inbox.service.broker.capture(deadLetter);
  });
  afterAll(() => inbox?.close());

  const outcomesOf = (id: string) => created.filter(({ data }) => data.notification_id === id);

  it('keeps the same words for all of a chunk, once each, but for whoever was erased since', async () => {
    const people = Array.from({ length: 40 }, someone);
    const all = people.map((recipient) => renderedFor(recipient, { title: 'To all of you', html: '<b>All</b>' }));
    const { notification_id: _, delivery_id: __, recipient: ___, ...words } = all[0]!;
    const chunk = {
      ...words,
      to: all.map(({ notification_id, delivery_id, recipient }) => ({ notification_id, delivery_id, recipient })),
    };
    const gone = all[7]!;
    await inbox.service.messages.publish(
      recipientErased,
      { recipient: gone.recipient, erased_at: new Date().toISOString() },
      { tenant: 'school', id: gone.recipient },
    );
    await until('the tombstone stands', async () => {
      const rows = await inbox.service.database.query('SELECT FROM inbox.erased_recipients WHERE recipient = $1', [
        gone.recipient,
      ]);
      return rows.length === 1;
    });
    // Twice: a crash may have come between the commit and the acknowledgement.
    for (const id of ['chunk-1', 'chunk-1'])
      await inbox.service.messages.publish(inAppChunkRendered, chunk, { tenant: 'school', id });
    const others = all.filter((one) => one !== gone);
    await until('each is told twice', () =>
      others.every(({ notification_id }) => outcomesOf(notification_id).length === 2),
    );
    const rows = await inbox.stored(
      'school',
      all.map(({ notification_id }) => notification_id),
    );
    expect(rows.map(({ recipient }) => recipient).sort()).toEqual(others.map(({ recipient }) => recipient).sort());
    expect(new Set(rows.map(({ title, html }) => `${String(title)} ${String(html)}`))).toEqual(
      new Set(['To all of you <b>All</b>']),
    );
    expect(outcomesOf(gone.notification_id)).toEqual([]);
  });

  it('keeps every word of a rendered notification and says that it stands in the inbox', async () => {
    const rendered = renderedFor(someone(), {
      title: 'Facture n° 1 · 请付款 🧾',
      html: '<p>Invoice</p>',
      link: '/invoices/1',
      image: 'https://school.example/logo.png',
      actions: [{ label: 'Pay', url: 'https://school.example/pay', style: 'primary' }],
      metadata: { invoice: { lines: [1, 2] } },
      actor: { id: 'staff-1', name: 'Office' },
      related: { invoice_id: 'INV-1', pupil_ids: 7 },
      locale: 'sw-KE',
      expires_at: '2099-01-01T00:00:00.000Z',
    });
    await inbox.store('school', rendered);
    const { recipient, notification_id: id } = rendered;

    expect(await inbox.service.messages.call(getNotification, { tenant: 'school', recipient, id })).toEqual({
      id,
      type: rendered.type,
      category: rendered.category,
      priority: rendered.priority,
      title: rendered.title,
      message: rendered.message,
      html: rendered.html,
      link: rendered.link,
      image: rendered.image,
      actions: rendered.actions,
      metadata: rendered.metadata,
      related: rendered.related,
      actor: rendered.actor,
      actors: [rendered.actor],
      count: 1,
      status: 'unread',
      read: false,
      read_at: null,
      seen_at: null,
      archived_at: null,
      snoozed_until: null,
      expires_at: rendered.expires_at,
      created_at: rendered.created_at,
      arrived_at: expect.any(String),
      time_ago: 'sasa hivi',
    });
    const outcome = await until('the outcome', () => outcomesOf(id)[0]);
    expect(outcome).toMatchObject({ tenant: 'school', subject: recipient, data: { recipient, type: rendered.type } });
  });

  it('changes nothing when a notification is delivered again, and repeats the outcome under the same id', async () => {
    const rendered = renderedFor(someone());
    const id = rendered.notification_id;
    await inbox.store('school', rendered);
    const before = await inbox.stored('school', [id]);

    await inbox.publish('school', { ...rendered, title: 'a later rendering' });
    await until('the repeated outcome', () => outcomesOf(id).length === 2);

    expect(await inbox.stored('school', [id])).toEqual(before);
    expect(new Set(outcomesOf(id).map((outcome) => outcome.id)).size).toBe(1);
  });

  it('stores a batch of hundreds, each once', async () => {
    const recipient = someone();
    await inbox.store('school', ...Array.from({ length: 450 }, () => renderedFor(recipient)));
    const rows = await inbox.service.database.query(
      'SELECT count(*)::int AS count FROM inbox.notifications WHERE recipient = $1',
      [recipient],
    );
    expect(rows).toEqual([{ count: 450 }]);
  });

  it('parks the one bad item of a batch alone, with the reason, while the others are stored', async () => {
    const recipient = someone();
    const good = [renderedFor(recipient), renderedFor(recipient)];
    const bad = { ...renderedFor(recipient), title: 'a NUL \u0000, which PostgreSQL cannot keep' };
    const batch = [good[0]!, bad, good[1]!].map((data) => ({
      specversion: '1.0',
      id: data.delivery_id,
      source: '/carillon/template-renderer',
      type: inAppRendered.type,
      tenant: 'school',
      data,
    }));
    inbox.service.broker.publish('pipeline', `${inAppRendered.key}.normal`, batch, {
      contentType: cloudEventsBatchJson,
    });

    const letter = await until('the bad item is parked', () =>
      parked.find(({ data }) => data.body.includes(bad.delivery_id)),
    );
    expect(letter.data.error).toContain('SQLSTATE 22P05');
    const ids = good.map(({ notification_id }) => notification_id);
    expect(await inbox.stored('school', ids)).toHaveLength(2);
    expect(parked).toHaveLength(1);
  });
});
