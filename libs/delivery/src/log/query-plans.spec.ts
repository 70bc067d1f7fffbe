import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deliveryFilterSchema, type DeliveryFilter } from '@carillon/contracts';
import { asRequestOf, dataSourceOptions, namedBy } from '@carillon/persistence';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { DataSource } from 'typeorm';
import { deliveryMigrations } from '../migrations/index.ts';
import { filtered } from './filtering.ts';

/** Enough rows that reading the whole table would be the planner's wrong choice; the planner itself is left as it is. */
const rows = 60_000;

/** A node of EXPLAIN's JSON. */
interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Cond'?: string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('the plans of the log’s queries', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase({ 'sms-sender': deliveryMigrations });
    dataSource = await new DataSource(
      dataSourceOptions({ url: database.url('sms-sender'), service: 'sms-sender', poolSize: 1 }),
    ).initialize();
    await database.query(`SET search_path = sms_sender;
      SELECT make_partition(parent, date_trunc('week', now() AT TIME ZONE 'UTC') - weeks * interval '1 week')
      FROM unnest(ARRAY['deliveries', 'attempts']) AS parent, generate_series(1, 4) AS weeks`);
    // A month of them; what is looked for is one in a thousand, but the tenant's and those that are looked for by time.
    await database.query(`SET search_path = sms_sender;
      INSERT INTO deliveries (tenant, id, notification_id, recipient, type, category, lane, template, template_key, template_version, experiment, variant, destination, content, status,
                              failure, error_code, provider, attempts, created_at, updated_at)
      SELECT 'school', (left(first_id_at(at)::text, 14) || '8' || substr(md5(n::text), 1, 3) || '-8' || substr(md5(n::text), 4, 3)
               || '-' || substr(md5(n::text), 7, 12))::uuid,
             gen_random_uuid(), 'parent-' || n % 1000, 'type-' || n % 1000, 'category-' || n % 1000, 'normal',
             '{}', 'type-' || n % 1000, 3, CASE WHEN n % 10 = 0 THEN 'experiment-' || n % 1000 END,
             CASE WHEN n % 10 = 0 THEN 'variant-' || n % 1000 END,
             '+2547' || lpad((n % 1000)::text, 8, '0'), '{}',
             CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'sent' END, CASE WHEN n % 1000 = 0 THEN 'technical' END,
             CASE WHEN n % 1000 = 0 THEN '4711' END, 'provider-' || n % 1000, 1, at, at
        FROM generate_series(1, ${rows}) n, LATERAL (SELECT now() - n * interval '28 days' / ${rows} AS at) times`);
    await database.query(`SET search_path = sms_sender;
      INSERT INTO attempts (tenant, delivery_id, number, provider, outcome, provider_message_id, started_at)
      SELECT tenant, id, 1, provider, 'accepted', 'SM' || row_number() OVER (), created_at FROM deliveries`);
    await database.query('VACUUM ANALYZE sms_sender.deliveries');
    await database.query('VACUUM ANALYZE sms_sender.attempts');
  }, 60_000);
  afterAll(async () => {
    await dataSource?.destroy();
    await database?.drop();
  });

  const days = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString();
  /** A value of each filter, by which few rows are found. */
  const values: Required<Omit<DeliveryFilter, 'q' | 'template_version'>> = {
    status: 'failed',
    failure: 'technical',
    type: 'type-17',
    category: 'category-17',
    recipient: 'parent-17',
    notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
    destination: '+254700000017',
    provider: 'provider-17',
    provider_message_id: 'SM4711',
    template: 'type-17',
    experiment: 'experiment-20',
    variant: 'variant-20',
    error_code: '4711',
    created_from: days(0.01),
    created_to: days(27.99),
    since: days(0.01),
  };

  async function planOf(filter: DeliveryFilter): Promise<Plan[]> {
    const { where, parameters } = filtered('school', filter);
    // As they are asked: by the role of requests, for which the planner is left as it is.
    const [row] = await asRequestOf('school', () =>
      dataSource.query(
        `EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM deliveries WHERE ${where} ORDER BY id DESC LIMIT 21`,
        parameters,
      ),
    );
    return nodesOf(row['QUERY PLAN'][0].Plan);
  }

  it('are asked for every filter there is', () => {
    const inPlans = [...Object.keys(values), 'template_version', 'q'].sort();
    expect(inPlans).toEqual(Object.keys(deliveryFilterSchema.shape).sort());
  });

  it.each(Object.keys(values))('find by an index for %s', async (name) => {
    const filter = { [name]: values[name as keyof typeof values] };
    const nodes = await planOf(name === 'template' ? { ...filter, template_version: 3 } : filter);
    // Partitions of weeks to come are empty: reading them whole is as good as anything.
    const whole = nodes.filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Rows'] > 0);
    expect(whole).toEqual([]);
    // Nothing is read in vain: the index itself knows what the filter asks for.
    const inVain = nodes.reduce((sum, node) => sum + (node['Rows Removed by Filter'] ?? 0), 0);
    expect(inVain).toBeLessThan(1_000);
  });

  it('write by the key, whatever the plan is made for', async () => {
    await dataSource.query(`SET plan_cache_mode = force_generic_plan`);
    const rows = await dataSource.query(`SELECT tenant, id FROM deliveries ORDER BY id DESC LIMIT 20`);
    await dataSource.query(
      `PREPARE settle(json) AS
       WITH item AS (SELECT * FROM json_to_recordset($1) AS item(tenant text, id uuid))
       UPDATE deliveries d SET updated_at = now() FROM item WHERE ${namedBy('d.id', 'item.id')}`,
    );
    const [row] = await dataSource.query(`EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE settle('${JSON.stringify(rows)}')`);
    const nodes = nodesOf(row['QUERY PLAN'][0].Plan);
    expect(nodes.reduce((sum, node) => sum + (node['Rows Removed by Filter'] ?? 0), 0)).toBeLessThan(1_000);
    expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Rows'] > 0)).toEqual([]);
  });

  it('read only the weeks that a time names', async () => {
    const nodes = await planOf({ created_from: days(0.01) });
    const relations = new Set(nodes.flatMap((node) => node['Relation Name'] ?? []));
    expect(relations.size).toBeLessThanOrEqual(5);
  });
});
