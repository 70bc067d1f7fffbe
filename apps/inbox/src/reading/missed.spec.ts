import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { missedNotifications } from '@carillon/contracts';
import { InboxUnderTest, renderedFor, secondsFromNow, someone } from '../../testing/inbox-under-test.ts';

describe('what somebody has missed', () => {
  let inbox: InboxUnderTest;
  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
  });
  afterAll(() => inbox?.close());

  const missed = async (recipient: string, since: string, overlap_ms: number, limit = 500) => {
    const request = { tenant: 'school', recipient, since, overlap_ms, limit };
    const { data, ...rest } = await inbox.service.messages.call(missedNotifications, request);
    return { ids: data.map(({ id }) => id), ...rest };
  };

  async function arrived(recipient: string, secondsAgo: number[]): Promise<string[]> {
    const rendered = secondsAgo.map((seconds) => renderedFor(recipient, { created_at: secondsFromNow(-seconds) }));
    await inbox.store('school', ...rendered);
    const ids = rendered.map(({ notification_id }) => notification_id);
    await inbox.service.database.query(
      `UPDATE inbox.notifications SET arrived_at = created_at WHERE recipient = $1 AND id = ANY($2)`,
      [recipient, ids],
    );
    return ids;
  }

  it('can begin a while before what they have, and says which came before', async () => {
    const recipient = someone();
    const [, b, c, d, e] = await arrived(recipient, [60, 9, 8, 7, 1]);
    expect(await missed(recipient, c!, 5_000)).toEqual({ ids: [b, c, d, e], overlap: 2, more: false });
    expect(await missed(recipient, e!, 7_500)).toEqual({ ids: [c, d, e], overlap: 3, more: false });
    expect(await missed(recipient, e!, 7_500, 2)).toEqual({ ids: [c, d], overlap: 2, more: true });
    expect(await missed(recipient, c!, 0)).toEqual({ ids: [d, e], overlap: 0, more: false });
  });

  it('begins with the time of its id where one no longer stands where it stood', async () => {
    const recipient = someone();
    const [a, b, c] = await arrived(recipient, [30, 20, 10]);
    await inbox.change(recipient, a!, { to: 'snooze', until: secondsFromNow(3600) });
    expect((await missed(recipient, a!, 0)).ids).toEqual([b, c]);
    await inbox.service.database.query(
      `UPDATE inbox.notifications SET snoozed_until = NULL, arrived_at = now(), count = 2 WHERE recipient = $1 AND id = $2`,
      [recipient, a],
    );
    expect((await missed(recipient, a!, 0)).ids).toEqual([b, c, a]);
  });
});
