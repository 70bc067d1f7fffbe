import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, testSecret, type TestDatabase } from '@carillon/testing';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { batched } from '../batched.ts';
import { dataSourceOptions } from '../data-source.ts';
import { migrateService } from '../migrate.ts';
import { requestsDatabaseUrl } from '../names.ts';
import { prepared } from '../prepared.ts';
import { asRequestOf, beginRequest, outsideRequests, requestIsOf } from './request-scope.ts';

class CreateNotes0001 implements MigrationInterface {
  name = 'CreateNotes0000000000001';
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE notes (tenant text NOT NULL, id int NOT NULL, text text, PRIMARY KEY (tenant, id))`);
    await db.query(
      `CREATE TABLE parts (tenant text NOT NULL, id int NOT NULL, PRIMARY KEY (tenant, id)) PARTITION BY RANGE (id)`,
    );
    await db.query(`CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100)`);
    await db.query(`CREATE TABLE clocks (id int PRIMARY KEY)`);
    await db.query(`COMMENT ON TABLE clocks IS 'shared by all tenants, read only: there is one time'`);
    await db.query(`INSERT INTO clocks VALUES (1)`);
  }
  async down(): Promise<void> {}
}

class CreateLoose0002 implements MigrationInterface {
  name = 'CreateLoose0000000000002';
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE loose (id int PRIMARY KEY)`);
  }
  async down(): Promise<void> {}
}

/** TypeORM's own error has PostgreSQL's in it. */
const refused = (code: string) => ({ driverError: { code } });

describe('the wall between tenants', () => {
  let database: TestDatabase;
  let db: DataSource;

  beforeAll(async () => {
    database = await testDatabase({ bells: [CreateNotes0001] }, { ownRoles: true });
    const url = database.url('bells');
    db = new DataSource(
      dataSourceOptions({ url, service: 'bells', requestsUrl: requestsDatabaseUrl(url, testSecret) }),
    );
    await db.initialize();
    await db.query(`INSERT INTO notes VALUES ('school', 1, 'a'), ('shop', 1, 'b'), ('', 1, 'built in')`);
    await db.query(`INSERT INTO parts VALUES ('school', 1), ('shop', 2)`);
  });

  afterAll(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const texts = async () =>
    ((await db.query('SELECT text FROM notes ORDER BY text')) as { text: string }[]).map(({ text }) => text);

  it('is none for the pipeline, whose batches mix tenants', async () => {
    expect(await texts()).toEqual(['a', 'b', 'built in']);
  });

  it('shows a request the rows of its tenant, and those of the installation', async () => {
    expect(await asRequestOf('school', texts)).toEqual(['a', 'built in']);
    expect(await asRequestOf('shop', texts)).toEqual(['b', 'built in']);
    expect(await asRequestOf('nobody', texts)).toEqual(['built in']);
  });

  it('shows nothing at all while nobody has said whose request it is, also on a connection that somebody used', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      await asRequestOf('school', texts);
      expect(await asRequestOf(undefined, texts)).toEqual([]);
      expect(await asRequestOf('', texts)).toEqual([]);
    }
  });

  it('holds in transactions, and after their end, whichever', async () => {
    await asRequestOf('school', async () => {
      await db.transaction(async (transaction) => {
        expect(await transaction.query('SELECT text FROM notes ORDER BY text')).toHaveLength(2);
        await transaction.query(`UPDATE notes SET text = text WHERE id = $1`, [1]);
        expect(await transaction.query('SELECT text FROM notes ORDER BY text')).toHaveLength(2);
      });
      const failing = db.transaction(async (transaction) => {
        await transaction.query(`UPDATE notes SET text = 'changed'`);
        await transaction.query(`SELECT 1 / 0`);
      });
      await expect(failing).rejects.toMatchObject(refused('22012'));
      expect(await texts()).toEqual(['a', 'built in']);
    });
    expect(await asRequestOf(undefined, texts)).toEqual([]);
  });

  it('holds for prepared statements, and a failing one harms no later one', async () => {
    const hot = prepared(db);
    const read = (text: string) => hot.query('SELECT text FROM notes WHERE text = $1', [text]);
    const broken = () => hot.query('SELECT nothing FROM notes WHERE text = $1', ['a']);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await asRequestOf('school', () => read('a'))).toEqual([{ text: 'a' }]);
      expect(await asRequestOf('shop', () => read('a'))).toEqual([]);
      await expect(asRequestOf('shop', broken)).rejects.toMatchObject({ code: '42703' });
      expect(await asRequestOf('shop', () => read('b'))).toEqual([{ text: 'b' }]);
    }
  });

  it('lets nothing be written for others, nor for the installation', async () => {
    await asRequestOf('school', async () => {
      for (const tenant of ['shop', '', 'nobody']) {
        const insert = db.query(`INSERT INTO notes VALUES ($1, 7, 'x')`, [tenant]);
        await expect(insert).rejects.toMatchObject(refused('42501'));
      }
      const over = db.query(
        `INSERT INTO notes VALUES ('shop', 1, 'x') ON CONFLICT (tenant, id) DO UPDATE SET text = 'x'`,
      );
      await expect(over).rejects.toMatchObject(refused('42501'));
      const move = db.query(`UPDATE notes SET tenant = 'shop', id = 9`);
      await expect(move).rejects.toMatchObject(refused('42501'));
      expect(await db.query(`UPDATE notes SET text = 'x' WHERE tenant IN ('shop', '')`)).toEqual([[], 0]);
      expect(await db.query(`DELETE FROM notes WHERE tenant IN ('shop', '')`)).toEqual([[], 0]);
      await db.query(`INSERT INTO notes VALUES ('school', 2, 'mine')`);
      await db.query(`DELETE FROM notes WHERE id = 2`);
    });
    expect(await texts()).toEqual(['a', 'b', 'built in']);
  });

  it('has no door through a partition, a shared table or the other role', async () => {
    await asRequestOf('school', async () => {
      expect(await db.query('SELECT * FROM parts')).toEqual([{ tenant: 'school', id: 1 }]);
      await expect(db.query('SELECT * FROM parts_low')).rejects.toMatchObject(refused('42501'));
      expect(await db.query('SELECT * FROM clocks')).toHaveLength(1);
      await expect(db.query('DELETE FROM clocks')).rejects.toMatchObject(refused('42501'));
      await expect(db.query('SELECT * FROM migrations')).rejects.toMatchObject(refused('42501'));
      await expect(db.query(`SET ROLE ${database.name}_bells`)).rejects.toMatchObject(refused('42501'));
      await expect(db.query(`ALTER TABLE notes DISABLE ROW LEVEL SECURITY`)).rejects.toMatchObject(refused('42501'));
    });
  });

  it('keeps requests apart that run side by side, and those that wait for a connection', async () => {
    const seen = await Promise.all(
      Array.from({ length: 60 }, async (_, turn) => {
        const tenant = ['school', 'shop', 'nobody'][turn % 3]!;
        const own = { school: ['a', 'built in'], shop: ['b', 'built in'], nobody: ['built in'] }[tenant];
        return asRequestOf(tenant, async () => expect(await texts()).toEqual(own));
      }),
    );
    expect(seen).toHaveLength(60);
  });

  it('stands between requests of different tenants that would share a statement', async () => {
    const sizes: number[] = [];
    const read = batched<number, string[]>(async (inputs) => {
      sizes.push(inputs.length);
      const all = await texts();
      return inputs.map(() => all);
    });
    const [one, two, three] = await Promise.all([
      asRequestOf('school', () => Promise.all([read(1), read(2)])),
      asRequestOf('shop', () => read(3)),
      read(4),
    ]);
    expect(one).toEqual([
      ['a', 'built in'],
      ['a', 'built in'],
    ]);
    expect(two).toEqual(['b', 'built in']);
    expect(three).toEqual(['a', 'b', 'built in']);
    expect(sizes.sort()).toEqual([1, 1, 2]);
  });

  it('ends what a request leaves behind, and lets out what is the service’s own work', async () => {
    let left: Promise<unknown> | undefined;
    let own: Promise<unknown> | undefined;
    await asRequestOf('school', async () => {
      const later = new Promise(setImmediate);
      left = later.then(texts);
      left.catch(() => undefined);
      own = outsideRequests(texts);
    });
    await expect(left).rejects.toThrow('left work behind');
    expect(await own).toEqual(['a', 'b', 'built in']);
  });

  it('rises when it is known who asks, and nobody can become another tenant', async () => {
    const seen = await new Promise<unknown[]>((resolve, reject) => {
      beginRequest(() => {
        void (async () => {
          const before = await texts();
          requestIsOf(undefined);
          requestIsOf('shop');
          requestIsOf('shop');
          expect(() => requestIsOf('school')).toThrow('another tenant');
          return [before, await texts()];
        })().then(resolve, reject);
      });
    });
    expect(seen).toEqual([[], ['b', 'built in']]);
  });

  it('is built again, but not anew, and refuses a table of which nobody has said why it has no tenant', async () => {
    const oids = () => database.query('SELECT oid FROM pg_policy ORDER BY oid');
    const before = await oids();
    const again = { adminUrl: database.adminUrl, service: 'bells', secret: testSecret };
    await migrateService({ ...again, migrations: [CreateNotes0001] });
    expect(await oids()).toEqual(before);
    await expect(migrateService({ ...again, migrations: [CreateNotes0001, CreateLoose0002] })).rejects.toThrow(
      'The table bells.loose has no column "tenant"',
    );
    await database.query('DROP TABLE bells.loose');
  });

  it('says what to do where the migrator may make no roles', async () => {
    const plain = `${database.name}_plain`;
    await database.query(`CREATE ROLE ${plain} LOGIN`);
    await database.query(`GRANT ALL ON DATABASE ${database.name} TO ${plain}`);
    const url = new URL(database.adminUrl);
    url.username = plain;
    const migrating = migrateService({
      adminUrl: url.toString(),
      service: 'chimes',
      migrations: [],
      secret: testSecret,
    });
    await expect(migrating).rejects.toThrow(
      new RegExp(`may not create roles, and ${database.name}_chimes and ${database.name}_chimes_requests are missing`),
    );
    await database.query(`REVOKE ALL ON DATABASE ${database.name} FROM ${plain}`);
  });
});
