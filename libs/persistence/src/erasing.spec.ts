import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, until, type TestDatabase } from '@carillon/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source.ts';
import { erasedRecipientsTable, erasing, erasureItems, erasuresAmong, notErased, type Erasure } from './erasing.ts';
import { insertRows } from './insert-rows.ts';
import { outlast } from './outlast.ts';

/** A service with one table of things about people. */
class CreateThings0001 {
  name = 'CreateThings0000000000001';
  async up(db: { query(sql: string): Promise<unknown> }): Promise<void> {
    await db.query(
      'CREATE TABLE things (tenant text, recipient text, id int, created_at timestamptz, PRIMARY KEY (id))',
    );
    await db.query(erasedRecipientsTable);
  }
  async down(): Promise<void> {}
}

describe('forgetting people', () => {
  let database: TestDatabase;
  let db: DataSource;
  let forget: (erasure: Erasure) => Promise<void>;
  let ids = 0;

  beforeAll(async () => {
    database = await testDatabase({ things: [CreateThings0001] });
    const url = database.url('things');
    db = await new DataSource(dataSourceOptions({ url, service: 'things', poolSize: 3 })).initialize();
    forget = erasing(db, async (runner, erasures) => {
      await runner.query(
        `DELETE FROM things t USING ${erasureItems}
         WHERE t.tenant = erasure.tenant AND t.recipient = erasure.recipient AND t.created_at <= erasure.erased_at`,
        [JSON.stringify(erasures)],
      );
    });
  });
  afterAll(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 9, 0, second)).toISOString();
  const erasure = (recipient: string, second: number, tenant = 'school') => ({
    tenant,
    recipient,
    erased_at: at(second),
  });
  /** Inserts unless the person was erased since; answers whether it stands. */
  const insert = async (recipient: string, second: number, tenant = 'school'): Promise<boolean> => {
    const row = { tenant, recipient, id: (ids += 1), created_at: at(second) };
    const stored = await insertRows(db, 'things', [row], { where: notErased('item'), returning: 'id' });
    return stored.length === 1;
  };
  const left = async (recipient: string): Promise<number> =>
    (await db.query('SELECT FROM things WHERE recipient = $1', [recipient])).length;

  it('deletes and refuses what is about them from then or before, and nothing else', async () => {
    for (const second of [1, 2, 3]) await insert('amina', second);
    await insert('bo', 1);
    await insert('amina', 1, 'shop');
    await forget(erasure('amina', 2));
    expect([await left('amina'), await left('bo')]).toEqual([2, 1]);
    expect([await insert('amina', 2), await insert('amina', 3)]).toEqual([false, true]);
    expect([await insert('amina', 2, 'shop'), await insert('bo', 2)]).toEqual([true, true]);
  });

  it('counts the latest of several erasures of the same person, in whatever order they are heard', async () => {
    await Promise.all([forget(erasure('chi', 5)), forget(erasure('chi', 3)), forget(erasure('chi', 4))]);
    await forget(erasure('chi', 1));
    expect(await erasuresAmong(db, [{ tenant: 'school', recipient: 'chi' }])).toEqual([erasure('chi', 5)]);
    expect([await insert('chi', 5), await insert('chi', 6)]).toEqual([false, true]);
  });

  it('knows who was erased, by tenant', async () => {
    await forget(erasure('dee', 1));
    const people = ['dee', 'nobody'].flatMap((recipient) => [
      { tenant: 'school', recipient },
      { tenant: 'shop', recipient },
    ]);
    expect(await erasuresAmong(db, people)).toEqual([erasure('dee', 1)]);
    expect(await erasuresAmong(db, [])).toEqual([]);
  });

  describe('while something is being written', () => {
    let writer: pg.Client;
    beforeAll(async () => {
      writer = new pg.Client({ connectionString: database.url('things') });
      await writer.connect();
    });
    afterAll(() => writer.end());

    it('waits for it and forgets it too', async () => {
      await writer.query('BEGIN');
      await writer.query(`INSERT INTO things VALUES ('school', 'eve', -1, $1)`, [at(1)]);
      let done = false;
      const forgetting = forget(erasure('eve', 2)).then(() => (done = true));
      await until('the tombstone is there', async () => !(await insert('eve', 1)));
      expect(done).toBe(false);
      await writer.query('COMMIT');
      await forgetting;
      expect(await left('eve')).toBe(0);
    });

    it('waits for nothing that began later, nor for other services', async () => {
      const admin = new pg.Client({ connectionString: database.adminUrl });
      await admin.connect();
      try {
        await admin.query('BEGIN');
        await admin.query('SELECT 1');
        await outlast(db);
      } finally {
        await admin.end();
      }
      await writer.query('BEGIN');
      await writer.query('SELECT 1');
      let done = false;
      const waiting = outlast(db).then(() => (done = true));
      const later = new pg.Client({ connectionString: database.url('things') });
      await later.connect();
      try {
        await until('it waits', async () => {
          const [row] = await database.query<{ count: number }>(
            `SELECT count(*)::int AS count FROM pg_stat_activity
             WHERE datname = $1 AND query LIKE '%xact_start <%' AND pid <> pg_backend_pid()`,
            [database.name],
          );
          return row!.count > 0;
        });
        await later.query('BEGIN');
        await later.query('SELECT 1');
        expect(done).toBe(false);
        await writer.query('COMMIT');
        await waiting;
      } finally {
        await later.end();
      }
    });
  });
});
