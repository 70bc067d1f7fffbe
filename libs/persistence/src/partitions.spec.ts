import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstIdAt } from '@carillon/contracts';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  firstIdAtFunction,
  keepPartitions,
  keepPartitionsFunctions,
  partitionByWeek,
  unpartition,
} from './partitions.ts';
import type { SqlRunner } from './insert-rows.ts';

const day = 86_400_000;
const longAgo = Date.parse('2020-01-08T00:00:00Z');

class CreateStrokes0001 implements MigrationInterface {
  name = 'CreateStrokes0000000000001';
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE strokes (id uuid NOT NULL, tenant text NOT NULL, tone text DEFAULT 'c' CHECK (tone <> 'x'), PRIMARY KEY (tenant, id))`);
    await db.query(`CREATE INDEX strokes_by_tone ON strokes (tenant, tone, id) WHERE tone <> 'c'`);
    for (const at of [longAgo, Date.now() - 10 * day, Date.now(), Date.now() + 40 * day])
      await db.query(`INSERT INTO strokes VALUES ($1, 'school', 'd')`, [firstIdAt(at)]);
  }
  async down(): Promise<void> {}
}

class PartitionStrokes0002 implements MigrationInterface {
  name = 'PartitionStrokes0000000000002';
  async up(db: QueryRunner): Promise<void> {
    await db.query(firstIdAtFunction);
    await db.query(keepPartitionsFunctions(['strokes']));
    await partitionByWeek(db, 'strokes', 'tenant, id', 'id');
  }
  async down(db: QueryRunner): Promise<void> {
    await unpartition(db, 'strokes');
  }
}

describe('a table in a partition per week', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let service: SqlRunner;

  beforeAll(async () => {
    database = await testDatabase({ bell: [CreateStrokes0001, PartitionStrokes0002] });
    client = new pg.Client({ connectionString: database.url('bell') });
    await client.connect();
    service = { query: async (sql, parameters) => (await client.query(sql, parameters)).rows };
  });
  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  const partitions = async () =>
    (
      await database.query<{ name: string; rows: number }>(
        `SELECT c.relname AS name, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM bell.%I', c.relname),
           false, true, '')))[1]::text::int AS rows
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'bell.strokes'::regclass ORDER BY 1`,
      )
    ).map(({ name, rows }) => `${/_default$/.test(name) ? 'default' : 'week'} ${rows}`);

  it('keeps the rows, checks, defaults and indexes that it had before', async () => {
    expect(await database.query('SELECT count(*)::int AS count FROM bell.strokes')).toEqual([{ count: 4 }]);
    // The last ten days have weeks of their own; what claims a far time does not.
    expect(await partitions()).toEqual(['week 1', 'week 1', 'default 2']);
    const indexes = await database.query(
      `SELECT indexname FROM pg_indexes WHERE schemaname = 'bell' AND tablename = 'strokes' ORDER BY 1`,
    );
    expect(indexes.map(({ indexname }) => indexname)).toEqual(['strokes_by_tone', 'strokes_pkey']);
    await service.query(`INSERT INTO strokes (id, tenant) VALUES ('${firstIdAt(Date.now() + 1)}', 'school')`);
    await expect(service.query(`INSERT INTO strokes VALUES (gen_random_uuid(), 'school', 'x')`)).rejects.toThrow(
      'check',
    );
    const again = `INSERT INTO strokes VALUES ('${firstIdAt(Date.now() - 10 * day)}', 'school')`;
    await service.query(again).catch(() => undefined);
    await expect(service.query(again)).rejects.toThrow('duplicate key');
  });

  it('gets partitions ahead, into which goes what came too early', async () => {
    const steps = await keepPartitions(service, 7, 36_500);
    expect(steps.every((step) => /^made strokes_\d{8}$/.test(step))).toBe(true);
    expect((await partitions()).filter((part) => part.startsWith('default'))).toEqual(['default 1']);
    expect(await keepPartitions(service, 7, 36_500)).toEqual([]);
  });

  it('loses partitions whose days are over', async () => {
    await database.query(`SET search_path = bell; SELECT make_partition('strokes', '2020-01-06')`);
    expect(await partitions()).toContain('week 1');
    expect(await keepPartitions(service, 7, 30)).toEqual(['dropped strokes_20200106']);
    expect((await partitions()).at(-1)).toBe('default 0');
  });

  it('is read while somebody’s long statement holds up its upkeep, which is done afterwards', async () => {
    await database.query(`SET search_path = bell; SELECT make_partition('strokes', '2020-01-06')`);
    const reading = new pg.Client({ connectionString: database.url('bell') });
    await reading.connect();
    try {
      await reading.query('BEGIN');
      await reading.query('SELECT count(*) FROM strokes');
      const kept = keepPartitions(service, 7, 30).catch((error: Error) => error.message);
      // Whoever reads meanwhile queues behind the upkeep's lock for a moment at most.
      let slowest = 0;
      let result: unknown;
      void kept.then((value) => (result = value));
      const others = new pg.Client({ connectionString: database.adminUrl, options: '-c statement_timeout=5000' });
      await others.connect();
      while (result === undefined) {
        const began = performance.now();
        await others.query('SELECT count(*) FROM bell.strokes');
        slowest = Math.max(slowest, performance.now() - began);
      }
      await others.end();
      expect(result).toMatch('lock timeout');
      expect(slowest).toBeLessThan(2_000);
    } finally {
      await reading.end();
    }
    expect(await keepPartitions(service, 7, 30)).toEqual(['dropped strokes_20200106']);
  });

  it('is all that the service’s role can do to tables', async () => {
    await expect(service.query(`SELECT make_partition('strokes', '2020-01-06')`)).rejects.toThrow('permission denied');
    await expect(service.query('DROP TABLE strokes_default')).rejects.toThrow('must be owner');
  });

  it('becomes whole again on the way back', async () => {
    const { default: typeorm } = await import('typeorm');
    const source = new typeorm.DataSource({
      type: 'postgres',
      url: database.adminUrl,
      schema: 'bell',
      migrations: [CreateStrokes0001, PartitionStrokes0002],
      extra: { options: '-c search_path=bell' },
    });
    await source.initialize();
    const before = await service.query('SELECT id FROM strokes ORDER BY 1');
    await source.undoLastMigration();
    await source.destroy();
    expect(await service.query('SELECT id FROM strokes ORDER BY 1')).toEqual(before);
    expect(await database.query(`SELECT 1 FROM pg_inherits WHERE inhparent = 'bell.strokes'::regclass`)).toEqual([]);
  });
});
