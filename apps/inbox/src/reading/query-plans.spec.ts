import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { DataSource, type FindManyOptions } from 'typeorm';
import { migrations } from '../../migrations/index.ts';
import { NotificationRow } from '../notification-row.ts';
import { listing } from './inbox.ts';
import { visible } from './visible.ts';

/** Enough rows that reading the whole table would be the planner's wrong choice; the planner itself is left as it is. */
const rows = 40_000;
const owner = { tenant: 'school', recipient: 'parent-7' };

describe('the plans of the inbox’s queries', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase({ inbox: migrations });
    dataSource = await new DataSource(
      dataSourceOptions({ url: database.url('inbox'), service: 'inbox', entities: [NotificationRow], poolSize: 1 }),
    ).initialize();
    await database.query(`
      INSERT INTO inbox.notifications (tenant, recipient, id, delivery_id, type, category, priority, title, message,
                                       actions, metadata, template, created_at, read_at)
      SELECT CASE WHEN n % 2 = 0 THEN 'school' ELSE 'shop' END, 'parent-' || n % 50, gen_random_uuid(), gen_random_uuid(),
             'invoice_issued', 'billing', 'normal', 'title', 'message', '[]', '{}', '{}', now(),
             CASE WHEN n % 10 > 0 THEN now() END
        FROM generate_series(1, ${rows}) n`);
    await database.query('VACUUM ANALYZE inbox.notifications');
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await database?.drop();
  });

  const planOfSql = async (sql: string, parameters: unknown[]) => {
    const lines: { 'QUERY PLAN': string }[] = await dataSource.query(`EXPLAIN ${sql}`, parameters);
    return lines.map((line) => line['QUERY PLAN']).join('\n');
  };
  const planOf = (options: FindManyOptions<NotificationRow>, count = false) => {
    const query = dataSource.getRepository(NotificationRow).createQueryBuilder('n').setFindOptions(options);
    if (count) query.select('count(*)');
    const [sql, parameters] = query.getQueryAndParameters();
    return planOfSql(sql, parameters);
  };

  it.each([
    ['the first page', null],
    ['a further page', '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e'],
  ])('%s comes from the primary key in its order, without a sort', async (_, after) => {
    const plan = await planOf(listing(owner, { status: 'all' }, 20, after));
    expect(plan).toMatch(/Index Scan Backward using notifications_pkey/);
    expect(plan).not.toMatch(/Sort|Seq Scan/);
  });

  it('the unread page comes from the index of unread ones', async () => {
    const plan = await planOf(listing(owner, { status: 'unread' }, 20, null));
    expect(plan).toMatch(/Index Scan Backward using notifications_unread/);
    expect(plan).not.toMatch(/Sort|Seq Scan/);
  });

  it('the unread count reads nothing but the index of unread ones', async () => {
    const plan = await planOf({ where: visible(owner, { status: 'unread' }) }, true);
    expect(plan).toMatch(/Index Only Scan using notifications_unread/);
  });

  it('a trace finds its row by tenant and id', async () => {
    const plan = await planOf({ where: { tenant: 'school', id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e' } });
    expect(plan).toMatch(/Index Scan using notifications_by_id/);
  });

  it('the outcomes that are not confirmed yet come from their own small index', async () => {
    const plan = await planOfSql(
      'SELECT id FROM notifications WHERE tenant = $1 AND recipient = $2 AND first_read_at IS NOT NULL AND NOT read_announced',
      [owner.tenant, owner.recipient],
    );
    expect(plan).toMatch(/notifications_unannounced/);
  });
});
