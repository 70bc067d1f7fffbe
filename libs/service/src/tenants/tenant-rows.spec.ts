import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asRequestOf, dataSourceOptions, requestsDatabaseUrl } from '@carillon/persistence';
import { testDatabase, testSecret, until, type TestDatabase } from '@carillon/testing';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { TenantStandings } from './standings.ts';
import { eraseSome, exportPage } from './tenant-rows.ts';

class CreateTower0001 implements MigrationInterface {
  name = 'CreateTower0000000000001';
  async up(db: QueryRunner): Promise<void> {
    // In the order of names the tower goes before its bells, which refer to it.
    await db.query(`CREATE TABLE a_towers (tenant text, id uuid DEFAULT gen_random_uuid(), PRIMARY KEY (tenant, id))`);
    await db.query(
      `CREATE TABLE bells (tenant text, tower uuid, cast_at timestamptz, tone text, password text, hash bytea,
         PRIMARY KEY (tenant, cast_at, tone), FOREIGN KEY (tenant, tower) REFERENCES a_towers)`,
    );
    await db.query(`CREATE TABLE strokes (tenant text, id int, PRIMARY KEY (tenant, id)) PARTITION BY RANGE (id)`);
    await db.query(`CREATE TABLE strokes_1 PARTITION OF strokes FOR VALUES FROM (0) TO (10)`);
    await db.query(`CREATE TABLE strokes_2 PARTITION OF strokes FOR VALUES FROM (10) TO (20)`);
    await db.query(`CREATE TABLE silence (id int PRIMARY KEY)`);
    await db.query(`COMMENT ON TABLE silence IS 'shared by all tenants: it is everywhere'`);
    await db.query(`INSERT INTO silence VALUES (1)`);
  }
  async down(): Promise<void> {}
}

describe('the rows of a tenant', () => {
  let database: TestDatabase;
  let db: DataSource;

  beforeAll(async () => {
    database = await testDatabase({ bells: [CreateTower0001] });
    const url = database.url('bells');
    db = new DataSource(
      dataSourceOptions({ url, service: 'bells', requestsUrl: requestsDatabaseUrl(url, testSecret) }),
    );
    await db.initialize();
    for (const tenant of ['school', 'shop']) {
      await db.query(`INSERT INTO a_towers (tenant) SELECT $1 FROM generate_series(1, 3)`, [tenant]);
      await db.query(
        `INSERT INTO bells SELECT tenant, id, now() - n * interval '1 ms', 'c', 'secret', 'secret'
         FROM a_towers, generate_series(1, 3) n WHERE tenant = $1 ON CONFLICT DO NOTHING`,
        [tenant],
      );
      await db.query(`INSERT INTO strokes SELECT $1, generate_series(5, 14)`, [tenant]);
    }
  });
  afterAll(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const counts = async (tenant: string) =>
    (
      await db.query(
        `SELECT (SELECT count(*)::int FROM a_towers WHERE tenant = $1) AS towers,
           (SELECT count(*)::int FROM bells WHERE tenant = $1) AS bells, (SELECT count(*)::int FROM strokes WHERE tenant = $1) AS strokes`,
        [tenant],
      )
    )[0];

  it.each([1, 2, 3, 100])('are exported whole, each once, %i to a page, without secrets', async (limit) => {
    const rows: unknown[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await asRequestOf('school', () => exportPage(db, 'school', cursor, limit));
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      for (const row of page.rows) rows.push({ table: page.table, ...row });
      if ((cursor = page.next) === null) break;
    }
    const { towers, bells, strokes } = await counts('school');
    expect(rows).toHaveLength(towers + bells + strokes);
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length);
    expect(JSON.stringify(rows)).not.toContain('secret');
    expect(rows).toContainEqual({ table: 'strokes', tenant: 'school', id: 12 });
  });

  it('are none of another tenant’s, whatever is asked', async () => {
    const page = await asRequestOf('school', () => exportPage(db, 'shop', null, 100));
    expect(page.rows).toEqual([]);
    await asRequestOf('school', () => eraseSome(db, 'shop', 1_000));
    expect(await counts('shop')).toEqual({ towers: 3, bells: 3, strokes: 10 });
  });

  it.each(['x', Buffer.from('{"table":"bells","after":["a"]}').toString('base64url')])(
    'refuse the cursor %s',
    async (cursor) => {
      await expect(asRequestOf('school', () => exportPage(db, 'school', cursor, 5))).rejects.toMatchObject({
        status: 400,
        code: 'invalid_cursor',
      });
    },
  );

  it('are erased portion by portion, whatever refers to what, and nobody else loses any', async () => {
    let rounds = 0;
    let deleted = 0;
    for (let more = true; more; rounds += 1) {
      const portion = await asRequestOf('school', () => eraseSome(db, 'school', 4));
      expect(portion.deleted).toBeLessThanOrEqual(4);
      deleted += portion.deleted;
      more = portion.more;
      expect(rounds).toBeLessThan(20);
    }
    expect([await counts('school'), deleted]).toEqual([{ towers: 0, bells: 0, strokes: 0 }, 16]);
    expect(await counts('shop')).toEqual({ towers: 3, bells: 3, strokes: 10 });
    expect(await db.query('SELECT * FROM silence')).toHaveLength(1);
  });

  it('belong to a tenant whose standing every replica knows, and of which erased is for ever', async () => {
    const [one, other] = [new TenantStandings(db), new TenantStandings(db)];
    const heard: string[] = [];
    other.onChange((tenant, standing) => heard.push(`${tenant} ${standing}`));
    try {
      await one.start();
      await other.start();
      expect(one.of('school')).toBe('active');
      await asRequestOf('school', () => one.put('school', 'suspended'));
      expect([one.of('school'), one.of('shop')]).toEqual(['suspended', 'active']);
      await until('the other one knows', () => other.of('school') === 'suspended');
      await asRequestOf('school', () => one.put('school', 'active'));
      await until('the other one knows', () => other.of('school') === 'active');
      await asRequestOf('school', () => one.put('school', 'erased'));
      for (const standing of ['active', 'suspended'] as const) {
        await asRequestOf('school', () => one.put('school', standing));
        expect(one.of('school')).toBe('erased');
      }
      await until('the other one knows', () => other.passesOver({ tenant: 'school' } as never));
      expect(other.passesOver({} as never)).toBe(false);
      expect(heard).toEqual(['school suspended', 'school active', 'school erased']);
    } finally {
      await one.beforeApplicationShutdown();
      await other.beforeApplicationShutdown();
    }
  });
});
