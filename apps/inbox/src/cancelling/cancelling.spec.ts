import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshId, inAppChunkRendered, stopEvent } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { InboxUnderTest, renderedFor, someone } from '../../testing/inbox-under-test.ts';

describe('An event that was cancelled', () => {
  let inbox: InboxUnderTest;

  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
  });
  afterAll(() => inbox?.close());

  const tenant = 'school';
  const cancelled_at = new Date().toISOString();
  const stop = (event_id: string, of = tenant) =>
    inbox.service.messages.call(stopEvent, { tenant: of, service: 'inbox', event_id, cancelled_at });

  it('stays where it is in an inbox, and comes into no other: alone, in a chunk, or to become one with others', async () => {
    const event_id = freshId();
    const before = renderedFor(someone(), { event_id });
    await inbox.store(tenant, before);
    expect(await stop(event_id)).toEqual({ stopped: { in_app: 0 }, out: {} });

    const alone = renderedFor(someone(), { event_id });
    const joining = renderedFor(someone(), { event_id, batch: { key: 'k', window_ms: 60_000 } });
    const { notification_id, recipient, delivery_id, ...words } = renderedFor(someone(), { event_id });
    const ofOthers = renderedFor(someone(), { event_id: freshId() });
    await inbox.publish(tenant, alone);
    await inbox.publish(tenant, joining);
    const to = [{ notification_id, recipient, delivery_id }];
    await inbox.service.messages.publish(inAppChunkRendered, { ...words, to }, { tenant, id: notification_id });
    await inbox.store(tenant, ofOthers);

    await until('all were turned away', async () => (await stop(event_id)).stopped.in_app === 3);
    const stored = await inbox.stored(
      tenant,
      [alone, joining, before].map((one) => one.notification_id).concat(notification_id),
    );
    expect(stored.map(({ id }) => id)).toEqual([before.notification_id]);
    expect((await inbox.list(before.recipient, {}, { tenant })).ids).toEqual([before.notification_id]);
  });

  it('of another tenant is another event', async () => {
    const event_id = freshId();
    await stop(event_id, 'shop');
    await inbox.store(tenant, renderedFor(someone(), { event_id }));
  });
});
