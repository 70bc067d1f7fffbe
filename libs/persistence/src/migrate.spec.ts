import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { servers, testDatabase, testSecret, unique, type TestDatabase } from '@carillon/testing';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrateService, type MigrationClass } from './migrate.ts';
import { databaseOf, requestsRoleOf, roleOf, rolePassword, schemaOf, serviceDatabaseUrl } from './names.ts';

class CreateBells0001 implements MigrationInterface {
  name = 'CreateBells0000000000001';
  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE TABLE bells (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tone text NOT NULL)');
    await db.query(`COMMENT ON TABLE bells IS 'shared by all tenants: a bell is heard by everyone'`);
  }
  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE bells');
  }
}

class AddWeight0002 implements MigrationInterface {
  name = 'AddWeight0000000000002';
  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE bells ADD weight int');
  }
  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE bells DROP weight');
  }
}

const applied = [['CreateBells0000000000001', 'AddWeight0000000000002']];
const migrations: MigrationClass[] = [CreateBells0001, AddWeight0002];

describe('migrations', () => {
  let database: TestDatabase;

  afterEach(() => database.drop());

  /** A database that the migrator has to create itself; the test library only knows how to remove it. */
  async function freshDatabase(): Promise<string> {
    database = await testDatabase();
    await database.query('SELECT 1');
    const url = new URL(servers.databaseUrl);
    url.pathname = `/${database.name}_${unique()}`;
    return url.toString();
  }

  async function dropCreated(adminUrl: string): Promise<void> {
    await database.query(`DROP DATABASE IF EXISTS ${databaseOf(adminUrl)} WITH (FORCE)`);
  }

  it('bring a server from nothing to database, role, schema and tables, and find nothing to do a second time', async () => {
    const adminUrl = await freshDatabase();
    expect([await migrateService({ adminUrl, service: 'big-ben', migrations, secret: testSecret })]).toEqual(applied);
    expect(await migrateService({ adminUrl, service: 'big-ben', migrations, secret: testSecret })).toEqual([]);
    const client = new pg.Client({ connectionString: serviceDatabaseUrl(adminUrl, 'big-ben', testSecret) });
    await client.connect();
    try {
      // No schema named: the role's search_path is its own schema.
      await client.query(`INSERT INTO bells (tone, weight) VALUES ('e', 13700)`);
      expect((await client.query('SELECT tone, weight FROM bells')).rows).toEqual([{ tone: 'e', weight: 13700 }]);
    } finally {
      await client.end();
      await dropCreated(adminUrl);
    }
  });

  it('run once however many migrators race, even for a database that none of them has yet', async () => {
    const adminUrl = await freshDatabase();
    try {
      const racers = Array.from({ length: 8 }, (_, index) =>
        migrateService({ adminUrl, service: index % 2 ? 'big-ben' : 'small-ben', migrations, secret: testSecret }),
      );
      const results = await Promise.all(racers);
      expect(results.filter(({ length }) => length > 0)).toEqual([...applied, ...applied]);
    } finally {
      await dropCreated(adminUrl);
    }
  });

  it('go on from where an older version stopped', async () => {
    database = await testDatabase({ bells: [CreateBells0001] }, { ownRoles: true });
    const { adminUrl } = database;
    expect(await migrateService({ adminUrl, service: 'bells', migrations, secret: testSecret })).toEqual([
      'AddWeight0000000000002',
    ]);
  });

  it('leave nothing of one that fails, and can be run again after it is mended', async () => {
    class Broken0002 implements MigrationInterface {
      name = 'Broken0000000000002';
      async up(db: QueryRunner): Promise<void> {
        await db.query('CREATE TABLE half_done (id int)');
        await db.query('CREATE TABEL typo');
      }
      async down(): Promise<void> {}
    }
    database = await testDatabase({ bells: [CreateBells0001] }, { ownRoles: true });
    const run = (second: MigrationClass) =>
      migrateService({
        adminUrl: database.adminUrl,
        service: 'bells',
        migrations: [CreateBells0001, second],
        secret: testSecret,
      });
    await expect(run(Broken0002)).rejects.toThrow('syntax error at or near "TABEL"');
    expect(await database.query(`SELECT to_regclass('bells.half_done') AS found`)).toEqual([{ found: null }]);
    expect(await run(AddWeight0002)).toEqual(['AddWeight0000000000002']);
  });
});

describe('migrations give the role of a service', () => {
  let database: TestDatabase;
  let client: pg.Client;
  const denied = { code: '42501' };

  beforeAll(async () => {
    database = await testDatabase({ 'big-ben': migrations, 'small-ben': migrations }, { ownRoles: true });
    client = new pg.Client({ connectionString: database.url('big-ben'), options: '-c search_path=big_ben' });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('reading and writing the rows of its own tables, sequences included', async () => {
    await client.query(`INSERT INTO bells (tone) VALUES ('c'), ('d')`);
    await client.query(`UPDATE bells SET tone = 'f' WHERE tone = 'd'`);
    await client.query(`DELETE FROM bells WHERE tone = 'c'`);
    expect((await client.query('SELECT tone FROM bells FOR UPDATE SKIP LOCKED')).rows).toEqual([{ tone: 'f' }]);
  });

  it.each([
    ['read another service’s table', 'SELECT * FROM small_ben.bells'],
    ['write into another service’s table', `INSERT INTO small_ben.bells (tone) VALUES ('x')`],
    ['create a table with another service', 'CREATE TABLE small_ben.mine (id int)'],
    ['create a table of its own', 'CREATE TABLE mine (id int)'],
    ['create a table in public', 'CREATE TABLE public.mine (id int)'],
    ['change a table of its own', 'ALTER TABLE bells ADD COLUMN more int'],
    ['drop a table of its own', 'DROP TABLE bells'],
    ['empty a table of its own past its row triggers', 'TRUNCATE bells'],
    ['create a schema', 'CREATE SCHEMA mine'],
    ['create a role', 'CREATE ROLE mine'],
    ['become another service', 'SET ROLE {other}'],
    ['read password hashes', 'SELECT rolpassword FROM pg_authid'],
    ['pretend that a migration has not run', 'DELETE FROM migrations'],
  ])('but no right to %s', async (_, sql) => {
    const statement = sql.replace('{other}', roleOf(database.name, 'small-ben'));
    await expect(client.query(statement)).rejects.toMatchObject(denied);
  });

  it('and a look at what has been migrated, which its start waits for', async () => {
    const { rows } = await client.query('SELECT name FROM migrations ORDER BY timestamp');
    expect(rows.map(({ name }) => name)).toEqual(applied[0]);
  });

  it('a password that only the installation’s secret can make', async () => {
    const role = roleOf(database.name, 'big-ben');
    const [{ rolpassword }] = (await database.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [
      role,
    ])) as [{ rolpassword: string }];
    // SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>, RFC 5802
    const [, iterations, salt, storedKey] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(rolpassword)!;
    const salted = pbkdf2Sync(
      rolePassword(role, testSecret),
      Buffer.from(salt!, 'base64'),
      Number(iterations),
      32,
      'sha256',
    );
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    expect(createHash('sha256').update(clientKey).digest('base64')).toBe(storedKey);
    expect(new URL(database.url('big-ben')).password).toBe(rolePassword(role, testSecret));
  });
});

describe('names', () => {
  it('are derived from the service and the database', () => {
    expect(schemaOf('email-sender')).toBe('email_sender');
    expect(roleOf('carillon', 'email-sender')).toBe('carillon_email_sender');
    const long = [`${'é'.repeat(30)}_1`, `${'é'.repeat(30)}_2`].map((database) => roleOf(database, 'email-sender'));
    expect(new Set(long).size).toBe(2);
    for (const role of long) {
      expect(Buffer.byteLength(requestsRoleOf(role))).toBeLessThanOrEqual(63);
      expect(role).toMatch(/^é+_[\da-f]{8}$/);
    }
    expect(databaseOf('postgres://u@h:5432/carillon%2Dtest?sslmode=require')).toBe('carillon-test');
    expect(() => databaseOf('postgres://u@h:5432')).toThrow('DATABASE_URL must name a database');
  });

  it('make a login URL that keeps everything else of the admin’s', () => {
    const url = new URL(
      serviceDatabaseUrl('postgres://admin:pw@db.internal:6432/carillon?sslmode=require', 'inbox', testSecret),
    );
    expect(url.host + url.pathname + url.search).toBe('db.internal:6432/carillon?sslmode=require');
    expect(url.username).toBe('carillon_inbox');
    expect(decodeURIComponent(url.password)).toBe(rolePassword('carillon_inbox', testSecret));
    expect(serviceDatabaseUrl('postgres://admin:pw@db/carillon', 'inbox', '')).toBe(
      'postgres://carillon_inbox@db/carillon',
    );
  });

  it('give every role, and every installation, another password', () => {
    const passwords = ['a', 'b'].flatMap((role) =>
      ['secret one', 'secret two'].map((secret) => rolePassword(role, secret)),
    );
    expect(new Set(passwords).size).toBe(4);
  });
});
