import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, until } from '@carillon/testing';
import { InboxUnderTest, renderedFor, secondsFromNow, someone } from '../../testing/inbox-under-test.ts';
import { service } from '../service.ts';

describe('a snoozed notification that is due', () => {
  let inbox: InboxUnderTest;
  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
  });
  afterAll(() => inbox?.close());

  async function snoozed(seconds: number) {
    const rendered = renderedFor(someone());
    const { recipient, notification_id: id } = rendered;
    await inbox.store('school', rendered);
    const due = secondsFromNow(seconds);
    await inbox.change(recipient, id, { to: 'snooze', until: due });
    return { recipient, id, due };
  }

  it('is told to its recipient’s sockets, at the top and unread again, with the count', async () => {
    const { recipient, id, due } = await snoozed(1);
    const heard = await inbox.signals(recipient);
    const { data } = await until('it is heard', () => heard[0]);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(due));
    expect(data).toMatchObject({
      updated: [{ id, status: 'unread', arrived_at: due, snoozed_until: null }],
      unread_count: 1,
    });
    await inbox.change(recipient, id, 'read');
    await until('the next signal', () => heard.length >= 2);
    expect(heard).toHaveLength(2);
  });

  it('is told by whoever is started next, when it fell due while nothing ran', async () => {
    const { recipient, id } = await snoozed(3600);
    const heard = await inbox.signals(recipient);
    await inbox.service.running.close();
    await inbox.service.database.query(
      `UPDATE inbox.notifications SET snoozed_until = now() - interval '1 hour', arrived_at = now() - interval '1 hour'
        WHERE recipient = $1`,
      [recipient],
    );
    const { database, broker } = inbox.service;
    const next = await startTestService(service, {}, { database, broker });
    await until('it is heard', () => heard.some(({ data }) => data.updated[0]?.id === id));
    await next.close();
  });
});
