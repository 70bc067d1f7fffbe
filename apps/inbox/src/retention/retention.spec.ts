import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InboxUnderTest, renderedFor, someone } from '../../testing/inbox-under-test.ts';
import { Retention } from './retention.ts';

describe('retention', () => {
  let inbox: InboxUnderTest;
  beforeAll(async () => {
    inbox = await InboxUnderTest.start({
      READ_RETENTION_DAYS: '10',
      EXPIRED_RETENTION_DAYS: '2',
      READ_RETENTION_DAYS_BY_TENANT: 'archive=60, shop=5',
    });
  });
  afterAll(() => inbox?.close());

  const keepHouse = () => inbox.service.running.app.get(Retention).keepHouse();

  it('removes what was read, expired or deleted long ago, and keeps everything else', async () => {
    const recipient = someone();
    const ages: [column: string, days: number, kept: boolean][] = [
      ['read_at', 11, false],
      ['read_at', 9, true],
      ['expires_at', 3, false],
      ['expires_at', 1, true],
      ['deleted_at', 8, false],
      ['deleted_at', 6, true],
      ['created_at', 1000, true],
      ['archived_at', 1000, true],
    ];
    const rendered = ages.map(() => renderedFor(recipient));
    await inbox.store('school', ...rendered);
    for (const [index, [column, days]] of ages.entries())
      await inbox.service.database.query(
        `UPDATE inbox.notifications SET ${column} = now() - make_interval(days => $1) WHERE id = $2`,
        [days, rendered[index]!.notification_id],
      );
    await keepHouse();
    const left = await inbox.stored(
      'school',
      rendered.map(({ notification_id }) => notification_id),
    );
    const kept = rendered.filter((_, index) => ages[index]![2]);
    expect(left.map(({ id }) => id).sort()).toEqual(kept.map(({ notification_id }) => notification_id).sort());
  });

  it('takes as long as the tenant’s own setting says', async () => {
    const [mine, other] = [renderedFor(someone()), renderedFor(someone())];
    await inbox.store('archive', mine);
    await inbox.store('school', other);
    await inbox.service.database.query(
      `UPDATE inbox.notifications SET read_at = now() - interval '50 days' WHERE id = ANY($1)`,
      [[mine.notification_id, other.notification_id]],
    );
    await keepHouse();
    expect(await inbox.stored('archive', [mine.notification_id])).toHaveLength(1);
    expect(await inbox.stored('school', [other.notification_id])).toHaveLength(0);
  });

  it('removes more than one statement deletes, while others read', async () => {
    const recipient = someone();
    await inbox.service.database.query(
      `INSERT INTO inbox.notifications (tenant, recipient, id, delivery_id, type, category, priority, title, message, actions,
                                        metadata, template, created_at, read_at)
       SELECT 'school', $1, gen_random_uuid(), gen_random_uuid(), 't', 'c', 'normal', 't', 'm', '[]', '{}', '{}', now(),
              now() - interval '11 days'
         FROM generate_series(1, 12000)`,
      [recipient],
    );
    const cleaning = keepHouse();
    await inbox.list(recipient);
    await cleaning;
    expect((await inbox.list(recipient, { status: 'all' })).ids).toEqual([]);
  });
});
