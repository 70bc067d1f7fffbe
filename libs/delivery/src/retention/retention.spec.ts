import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstIdAt, freshId, tendRetention, type Tended } from '@carillon/contracts';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';

describe('The retention of deliveries', () => {
  let sender: SenderUnderTest;
  const day = 86_400_000;
  const tables = ['deliveries', 'attempts'];

  beforeAll(async () => {
    sender = await SenderUnderTest.start();
  });
  afterAll(() => sender?.close());

  const keepHouse = (changes: { tenant?: string; dry_run?: boolean } = {}): Promise<Tended> =>
    sender.service.messages.call(tendRetention, {
      service: 'sms-sender',
      tenant: null,
      plan: { deliveries: { days: 90, by_tenant: { shop: 7 } }, leftovers: { days: 90, by_tenant: {} } },
      dry_run: false,
      seconds: 30,
      ...changes,
    });
  const query = <Row extends Record<string, unknown>>(sql: string, parameters?: unknown[]) =>
    sender.service.database.query<Row>(sql, parameters);

  /** A delivery with an attempt, of some time ago. */
  async function delivered(tenant: string, daysAgo: number): Promise<string> {
    const id = freshId(Date.now() - daysAgo * day);
    const item = renderedFor(someNumber(), { delivery_id: id });
    await sender.publish(item);
    await sender.tells(id, 'sent');
    for (const [table, key] of [
      ['deliveries', 'id'],
      ['attempts', 'delivery_id'],
    ])
      await query(`UPDATE sms_sender.${table} SET tenant = $1 WHERE ${key} = $2`, [tenant, id]);
    return id;
  }

  async function left(...ids: string[]): Promise<string[]> {
    const rows = await query<{ id: string }>('SELECT id FROM sms_sender.deliveries WHERE id = ANY($1)', [ids]);
    const attempts = await query('SELECT 1 FROM sms_sender.attempts WHERE delivery_id = ANY($1)', [ids]);
    expect(attempts).toHaveLength(rows.length);
    return rows.map(({ id }) => id).sort();
  }

  it('writes new deliveries to the partition of their week', async () => {
    await delivered('school', 0);
    for (const table of tables) expect(await query(`SELECT 1 FROM sms_sender.${table}_default`)).toEqual([]);
  });

  it('drops a week with its deliveries and attempts when all of it is older, and nothing that is not', async () => {
    const monday = '20200106';
    for (const table of tables)
      await query(`SET search_path = sms_sender; SELECT make_partition('${table}', '${monday}')`);
    const week = Date.parse('2020-01-06T00:00:00Z');
    const old = await delivered('school', (Date.now() - week - day) / day);
    const older = await delivered('school', 3_000);
    const lately = await delivered('school', 89);
    expect(old < firstIdAt(week + 7 * day)).toBe(true);
    expect((await keepHouse({ dry_run: true })).removed).toMatchObject([{ tenant: 'school', count: 2 }]);
    expect((await keepHouse()).removed).toEqual([{ kind: 'deliveries', tenant: 'school', count: 2, oldest: null }]);
    expect(await left(old, older, lately)).toEqual([lately]);
    const partitions = await query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relname LIKE '%2020%'`,
    );
    expect(partitions).toEqual([]);
  });

  it('keeps those of a tenant for the tenant’s own days', async () => {
    const [its, fresh, other] = [await delivered('shop', 8), await delivered('shop', 6), await delivered('school', 8)];
    await keepHouse();
    expect(await left(its, fresh, other)).toEqual([fresh, other].sort());
  });

  it('forgets that a suppression was lifted, and receipts that found no delivery, after a week', async () => {
    await query(`INSERT INTO sms_sender.suppressed_addresses (tenant, address, reason, as_of) VALUES
      ('school', '+1', NULL, now() - interval '8 days'), ('school', '+2', NULL, now() - interval '6 days'),
      ('school', '+3', 'complaint', now() - interval '1 year')`);
    await query(`INSERT INTO sms_sender.unmatched_receipts (provider_message_id, id, receipt, received_at, next_look_at) VALUES
      ('old', '1', '{}', now() - interval '8 days', now() + interval '1 hour'),
      ('new', '2', '{}', now() - interval '6 days', now() + interval '1 hour')`);
    await keepHouse();
    const suppressed = await query<{ address: string }>(
      'SELECT address FROM sms_sender.suppressed_addresses ORDER BY 1',
    );
    expect(suppressed.map(({ address }) => address)).toEqual(['+2', '+3']);
    const unmatched = await query<{ provider_message_id: string }>(
      'SELECT provider_message_id FROM sms_sender.unmatched_receipts',
    );
    expect(unmatched).toEqual([{ provider_message_id: 'new' }]);
  });
});
