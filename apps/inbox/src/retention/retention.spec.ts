import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tendRetention, type RetentionPlan, type Tended } from '@carillon/contracts';
import { InboxUnderTest, renderedFor, someone } from '../../testing/inbox-under-test.ts';

describe('retention', () => {
  let inbox: InboxUnderTest;
  beforeAll(async () => {
    inbox = await InboxUnderTest.start();
  });
  afterAll(() => inbox?.close());

  const plan: RetentionPlan = {
    read_notifications: { days: 10, by_tenant: { archive: 60, shop: 5 } },
    expired_notifications: { days: 2, by_tenant: {} },
    leftovers: { days: 90, by_tenant: {} },
  };
  const keepHouse = (changes: { tenant?: string; dry_run?: boolean; seconds?: number } = {}): Promise<Tended> =>
    inbox.service.messages.call(tendRetention, {
      ...{ service: 'inbox', tenant: null, plan, dry_run: false, seconds: 30, ...changes },
    });

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
    const oldest = (kind: string, removed: Tended['removed']) => removed.find((one) => one.kind === kind);
    const tried = await keepHouse({ dry_run: true });
    expect(oldest('read_notifications', tried.removed)).toMatchObject({ tenant: 'school', count: 1 });
    const age = Date.now() - Date.parse(oldest('read_notifications', tried.removed)!.oldest!);
    expect(Math.round(age / 86_400_000)).toBe(11);
    const done = await keepHouse();
    const counts = ({ removed }: Tended) => removed.map(({ kind, tenant, count }) => ({ kind, tenant, count }));
    expect(counts(done)).toEqual(counts(tried));
    expect(done).toMatchObject({ finished: true, errors: [] });
    expect((await keepHouse()).removed).toEqual([]);
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
    await keepHouse({ tenant: 'archive' });
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
    expect((await cleaning).removed).toEqual([
      { kind: 'read_notifications', tenant: 'school', count: 12_000, oldest: null },
    ]);
    expect((await inbox.list(recipient, { status: 'all' })).ids).toEqual([]);
  });

  it('answers when its time is over, says that there is more, and goes on when it is asked again', async () => {
    await inbox.service.database.query(
      `INSERT INTO inbox.notifications (tenant, recipient, id, delivery_id, type, category, priority, title, message, actions,
                                        metadata, template, created_at, read_at)
       SELECT tenant, 'r', gen_random_uuid(), gen_random_uuid(), 't', 'c', 'normal', 't', 'm', '[]', '{}', '{}', now(),
              now() - interval '11 days'
         FROM generate_series(1, 12000), (VALUES ('school'), ('shop')) AS t(tenant)`,
    );
    // For one tenant only that one’s go.
    expect((await keepHouse({ tenant: 'shop' })).removed).toMatchObject([{ tenant: 'shop', count: 12_000 }]);
    const first = await keepHouse({ seconds: 0.000_001 });
    expect(first).toMatchObject({ finished: false, removed: [{ tenant: 'school', count: 5_000 }] });
    expect(await keepHouse()).toMatchObject({ finished: true, removed: [{ tenant: 'school', count: 7_000 }] });
  });
});
