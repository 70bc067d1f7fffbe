import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstIdAt, tendRetention, type Tended } from '@carillon/contracts';
import { startTestService, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

describe('retention', () => {
  let test: TestService;
  const day = 86_400_000;
  const monday = Date.parse('2020-01-06T00:00:00Z');

  beforeAll(async () => {
    test = await startTestService(service);
  });
  afterAll(() => test.close());

  const notified = (recipient: string, at: number, tenant = 'default') =>
    test.database.query(
      `INSERT INTO preferences.notifications
         (tenant, recipient, id, event_id, event_type, event_source, type, category, priority, created_at, channels, deliveries)
       VALUES ($3, $1, $2, $2, 'e', '/s', 'welcome', 'account', 'normal', now(), '[]', '[]')`,
      [recipient, firstIdAt(at), tenant],
    );
  const partitions = async () =>
    (
      await test.database.query(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'preferences.notifications'::regclass`,
      )
    ).map(({ name }) => name as string);
  const keepHouse = (days = 30, by_tenant = {}, changes = {}): Promise<Tended> =>
    test.messages.call(tendRetention, {
      service: 'preferences',
      tenant: null,
      plan: { decisions: { days, by_tenant }, leftovers: { days: 90, by_tenant: {} } },
      dry_run: false,
      seconds: 30,
      ...changes,
    });

  it('has a partition for now and for weeks to come', async () => {
    const weeks = (await partitions()).filter((name) => /\d{8}$/.test(name));
    expect(weeks.length).toBeGreaterThanOrEqual(9);
    await notified('today', Date.now());
    const [{ count }] = await test.database.query(
      `SELECT count(*)::int AS count FROM preferences.notifications_default`,
    );
    expect(count).toBe(0);
  });

  it('drops a week whose last day is past the retention, and keeps what is not', async () => {
    await test.database.query(
      `CREATE TABLE preferences.notifications_20200106 PARTITION OF preferences.notifications
       FOR VALUES FROM ('${firstIdAt(monday)}') TO ('${firstIdAt(monday + 7 * day)}')`,
    );
    await notified('long-ago', monday + day);
    await notified('even-longer-ago', monday - day);
    await notified('lately', Date.now() - 29 * day);
    // A tenant that keeps its decisions for longer keeps the week; what is outside of all weeks goes by the row.
    const tried = [{ kind: 'decisions', tenant: 'default', count: 2, oldest: new Date(monday - day).toISOString() }];
    expect((await keepHouse(30, {}, { dry_run: true })).removed).toEqual(tried);
    const [kept] = (await keepHouse(30, { archive: 36_500 }, { dry_run: true })).removed;
    expect(kept).toMatchObject({ count: 2 });
    await notified('archived', monday + 2 * day, 'archive');
    expect((await keepHouse(30, { archive: 36_500 })).removed).toMatchObject([{ tenant: 'default', count: 2 }]);
    expect((await partitions()).filter((name) => name.includes('2020'))).toHaveLength(1);
    await notified('long-ago', monday + day);
    const { removed } = await keepHouse();
    expect(removed.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1))).toEqual([
      { kind: 'decisions', tenant: 'archive', count: 1, oldest: null },
      { kind: 'decisions', tenant: 'default', count: 1, oldest: null },
    ]);
    expect((await partitions()).filter((name) => name.includes('2020'))).toEqual([]);
    const rows = await test.database.query('SELECT recipient FROM preferences.notifications ORDER BY recipient');
    expect(rows.map(({ recipient }) => recipient)).toEqual(['lately', 'today']);
  });

  it('forgets events of that age, but none that still waits for its time', async () => {
    await test.database.query(
      `INSERT INTO preferences.events (tenant, id, source, cloud_event_id, type, first_at, status, deduplicated)
       SELECT 'default', ('00000000-0000-8000-8000-00000000000' || i)::uuid, '/s', 'e' || i, 't', at, status, true
       FROM (VALUES (1, now() - interval '31 days', 'decided'), (2, now() - interval '31 days', 'scheduled'),
                    (3, now() - interval '29 days', 'decided')) AS e(i, at, status)`,
    );
    await keepHouse();
    const rows = await test.database.query('SELECT cloud_event_id FROM preferences.events ORDER BY 1');
    expect(rows.map(({ cloud_event_id }) => cloud_event_id)).toEqual(['e2', 'e3']);
  });

  it('is all that the service’s own role can do to tables', async () => {
    const { rows } = await asService('SELECT preferences.tend_partitions(8, 30) AS step');
    expect(rows).toEqual([{ step: null }]);
    await expect(asService('DROP TABLE preferences.notifications_default')).rejects.toThrow('must be owner');
  });

  async function asService(sql: string) {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: test.database.url('preferences') });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  }
});
