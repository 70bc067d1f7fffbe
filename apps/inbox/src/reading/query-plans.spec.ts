import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inboxFilterSchema, inboxViews, type InboxFilter } from '@carillon/contracts';
import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.ts';
import {
  arrivedAfter,
  grouped,
  listing,
  oneOf,
  unreadCounts,
  watchedChanges,
  type Place,
  type Query,
} from './queries.ts';
import { views } from './visible.ts';

/** Enough rows that reading the whole table would be the planner's wrong choice; the planner itself is left as it is. */
const rows = 100_000;
const owner = { tenant: 'school', recipient: 'parent-8' };
const place: Place = { arrived_at: new Date(), id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e' };

/** A node of EXPLAIN's JSON. */
interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Index Cond'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  Plans?: Plan[];
}
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('the plans of the inbox’s queries', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase({ inbox: migrations });
    dataSource = await new DataSource(
      dataSourceOptions({ url: database.url('inbox'), service: 'inbox', poolSize: 1 }),
    ).initialize();
    // 200 recipients with 500 each: most are read, a tenth is archived, a few are snoozed or expire.
    await database.query(`
      INSERT INTO inbox.notifications (tenant, recipient, id, delivery_id, type, category, priority, title, message, actions,
                                       metadata, template, created_at, arrived_at, read_at, archived_at, snoozed_until, expires_at)
      SELECT CASE WHEN n % 2 = 0 THEN 'school' ELSE 'shop' END, 'parent-' || n % 200, gen_random_uuid(), gen_random_uuid(),
             'type-' || n % 7, 'billing', 'normal', 'title', 'message', '[]', '{}', '{}', now(),
             now() - make_interval(mins => n) + CASE WHEN n % 1000 = 8 THEN interval '1 year' ELSE interval '0' END,
             CASE WHEN n % 11 > 0 AND n % 1000 <> 8 THEN now() END, CASE WHEN n % 13 = 0 AND n % 1000 <> 8 THEN now() END,
             CASE WHEN n % 1000 = 8 THEN now() - make_interval(mins => n) + interval '1 year' END,
             CASE WHEN n % 100 = 3 THEN now() + interval '1 day' END
        FROM generate_series(1, ${rows}) n`);
    await database.query('VACUUM ANALYZE inbox.notifications');
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await database?.drop();
  });

  /** The nodes of the plan as it was really run. */
  async function nodes({ sql, parameters }: Query): Promise<Plan[]> {
    const [line] = await dataSource.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, parameters);
    return nodesOf(line['QUERY PLAN'][0].Plan as Plan);
  }
  const indexesIn = (plan: Plan[]) => [...new Set(plan.flatMap((node) => node['Index Name'] ?? []))].sort();
  const mostRows = (plan: Plan[]) => Math.max(...plan.map((node) => node['Actual Rows'] * node['Actual Loops']));
  const list = (filter: Partial<InboxFilter>, after: Place | null = null) =>
    nodes(listing(owner, inboxFilterSchema.parse(filter), 20, after));

  const indexOf = {
    inbox: ['notifications_inbox'],
    unread: ['notifications_unread'],
    read: ['notifications_inbox'],
    archived: ['notifications_archived'],
    snoozed: ['notifications_inbox'],
    all: ['notifications_archived', 'notifications_inbox'],
  };

  it.each(inboxViews.flatMap((view) => [[view, 'first', null] as const, [view, 'further', place] as const]))(
    'a page of %s (the %s) comes from its index in its order, and reads little more than it shows',
    async (status, _, after) => {
      const plan = await list({ status }, after);
      expect(indexesIn(plan)).toEqual(indexOf[status]);
      for (const node of plan) {
        expect(node['Node Type']).not.toMatch(/Seq Scan|^Sort|Bitmap/);
        if (node['Index Name']) expect(node['Index Cond']).toMatch(/tenant = .* AND \(recipient = /);
      }
      expect(mostRows(plan)).toBeLessThanOrEqual(2 * 21);
    },
  );

  it.each<[string, Partial<InboxFilter>]>([
    ['type', { type: 'type-3' }],
    ['category', { category: 'billing' }],
    ['priority', { priority: 'normal' }],
    ['search', { q: 'tit mess' }],
    ['since', { since: '2026-01-01T00:00:00Z' }],
    [
      'all of them',
      { type: 'type-3', category: 'billing', priority: 'normal', q: 'title', since: '2026-01-01T00:00:00Z' },
    ],
  ])('a list filtered by %s looks at no other inbox', async (_, filter) => {
    for (const status of inboxViews) {
      const plan = await list({ status, ...filter });
      expect(plan.some((node) => node['Node Type'] === 'Seq Scan')).toBe(false);
      expect(indexesIn(plan)).toEqual(expect.arrayContaining([expect.stringMatching(/^notifications_/)]));
      expect(mostRows(plan)).toBeLessThanOrEqual(2 * 500);
    }
  });

  it('what was missed comes from the index of the inbox, in order', async () => {
    const plan = await nodes(arrivedAfter(owner, { ...place, arrived_at: new Date(0) }, 100));
    expect(indexesIn(plan)).toEqual(['notifications_inbox']);
    expect(plan.some((node) => /Seq Scan|^Sort/.test(node['Node Type']))).toBe(false);
  });

  it('unread counts, of one inbox or of many, read nothing but the index of unread ones', async () => {
    for (const recipients of [1, 100]) {
      const people = Array.from({ length: recipients }, (_, n) => `parent-${2 * n}`);
      const plan = await nodes({ sql: unreadCounts, parameters: [people.map(() => 'school'), people] });
      expect(indexesIn(plan)).toEqual(['notifications_unread']);
      expect(plan.map((node) => node['Node Type'])).toContain('Index Only Scan');
      expect(plan.some((node) => node['Node Type'] === 'Seq Scan')).toBe(false);
    }
  });

  it('signals count, and read what changed, for watched inboxes only', async () => {
    const people = Array.from({ length: 100 }, (_, n) => `parent-${2 * n}`);
    await database.query(
      `INSERT INTO inbox.watched_inboxes
       SELECT 'school', 'parent-' || n, now() + interval '1 hour' FROM generate_series(8, 20000) n WHERE n = 8 OR n > 200`,
    );
    await database.query('ANALYZE inbox.watched_inboxes');
    const changed = people.map(() => place.id);
    const plan = await nodes({
      sql: watchedChanges,
      parameters: [people.map(() => 'school'), people, people.map((_, index) => index + 1), changed],
    });
    expect(indexesIn(plan)).toEqual(['notifications_pkey', 'notifications_unread', 'watched_inboxes_pkey']);
    expect(plan.find((node) => node['Index Name'] === 'notifications_pkey')!['Actual Loops']).toBe(1);
    expect(plan.find((node) => node['Index Name'] === 'notifications_unread')!['Actual Loops']).toBe(1);
  });

  it('statistics look at no other inbox', async () => {
    const plan = await nodes({ sql: grouped, parameters: [owner.tenant, owner.recipient] });
    expect(plan.some((node) => node['Node Type'] === 'Seq Scan')).toBe(false);
    expect(mostRows(plan)).toBeLessThanOrEqual(500);
  });

  it('one is found by the primary key', async () => {
    const plan = await nodes({ sql: oneOf, parameters: [owner.tenant, owner.recipient, place.id] });
    expect(indexesIn(plan)).toContain('notifications_pkey');
    expect(plan.some((node) => node['Node Type'] === 'Seq Scan' && node['Actual Rows'] > 0)).toBe(false);
  });

  it.each([
    [
      'outcomes that are not confirmed yet',
      'notifications_unannounced',
      `SELECT id FROM notifications
        WHERE tenant = 'school' AND recipient = 'parent-8' AND first_read_at IS NOT NULL AND NOT read_announced`,
    ],
    [
      'snoozed ones that are due',
      'notifications_snoozed',
      'SELECT * FROM notifications WHERE snoozed_until <= now() ORDER BY snoozed_until LIMIT 500',
    ],
    [
      'open batches',
      'notifications_batches',
      `SELECT * FROM notifications WHERE (tenant, recipient, type, batch_key) = ('school', 'parent-8', 'type-1', 'key')
          AND batch_until > clock_timestamp()`,
    ],
    [
      'read ones that retention removes',
      'notifications_read_at',
      `SELECT ctid FROM notifications WHERE read_at < now() - interval '30 days' LIMIT 5000`,
    ],
    [
      'expired ones that retention removes',
      'notifications_expires_at',
      `SELECT ctid FROM notifications WHERE expires_at < now() - interval '7 days' LIMIT 5000`,
    ],
    [
      'deleted ones that retention removes',
      'notifications_deleted_at',
      `SELECT ctid FROM notifications WHERE deleted_at < now() - interval '7 days' LIMIT 5000`,
    ],
  ])('%s come from their own index, which new rows are not in', async (_, index, sql) => {
    expect(indexesIn(await nodes({ sql, parameters: [] }))).toEqual([index]);
  });

  it('a new row is in three indexes', async () => {
    const definitions: { indexdef: string }[] = await database.query(
      `SELECT indexdef FROM pg_indexes WHERE schemaname = 'inbox' AND tablename = 'notifications'`,
    );
    const always = definitions.filter(({ indexdef }) => !/ IS NOT NULL/.test(indexdef));
    expect(always).toHaveLength(3);
    expect(definitions.length).toBeGreaterThan(8);
  });

  it('views are made of the very conditions of the indexes', () => {
    for (const view of ['inbox', 'unread', 'read', 'snoozed'] as const)
      expect(views[view]).toContain('archived_at IS NULL AND deleted_at IS NULL');
  });
});
