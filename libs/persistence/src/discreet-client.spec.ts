import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, testSecret, type TestDatabase } from '@carillon/testing';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dataSourceOptions } from './data-source.ts';
import { migrateService } from './migrate.ts';
import { requestsDatabaseUrl } from './names.ts';
import { prepared } from './prepared.ts';
import { asRequestOf } from './tenancy/request-scope.ts';

class CreateContacts0001 implements MigrationInterface {
  name = 'CreateContacts0000000000001';
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE contacts (
        tenant text NOT NULL,
        phone  text NOT NULL CHECK (phone <> '0'),
        born   date,
        PRIMARY KEY (tenant, phone)
      )`);
    await db.query(`INSERT INTO contacts VALUES ('school', '+254711000111', '2009-04-30')`);
  }
  async down(): Promise<void> {}
}

class SpoilContacts0002 implements MigrationInterface {
  name = 'SpoilContacts0000000000002';
  async up(db: QueryRunner): Promise<void> {
    await db.query(`UPDATE contacts SET born = ('Wanjiru ' || phone)::date`);
  }
  async down(): Promise<void> {}
}

const personal = /Wanjiru|254711000111|77777777777/;

/** A statement that PostgreSQL refuses, what it is given, and what the error must still tell. */
const refused: [text: string, values: unknown[], told: object][] = [
  ['SELECT $1::text::uuid', ['Wanjiru'], { code: '22P02' }],
  ['SELECT $1::int', ['77777777777'], { code: '22003' }],
  ['SELECT $1::text::bigint + $2::text::int', ['1', 'Wanjiru'], { code: '22P02' }],
  ['SELECT $1::text::timestamptz', ['Wanjiru 2026'], { code: '22007' }],
  ['SELECT $1::text::jsonb', ['{"name": Wanjiru}'], { code: '22P02' }],
  ['SELECT now() AT TIME ZONE $1', ['Wanjiru'], { code: '22023' }],
  [`SELECT 'x' ~ $1`, ['Wanjiru('], { code: '2201B' }],
  [
    'INSERT INTO contacts VALUES ($1, $2)',
    ['school', '+254711000111'],
    {
      code: '23505',
      table: 'contacts',
      constraint: 'contacts_pkey',
      message: expect.stringContaining('duplicate key'),
    },
  ],
  [
    'INSERT INTO contacts VALUES ($1, $2, $3)',
    ['school', '0', '1977-07-07'],
    { code: '23514', constraint: 'contacts_phone_check' },
  ],
  [
    'INSERT INTO contacts (tenant, born) VALUES ($1, $2)',
    ['school', '1977-07-07'],
    { code: '23502', table: 'contacts', column: 'phone' },
  ],
  ['SELECT nothing FROM contacts WHERE phone = $1', ['Wanjiru'], { message: 'column "nothing" does not exist' }],
];

describe('an error of PostgreSQL', () => {
  let database: TestDatabase;
  let db: DataSource;

  beforeAll(async () => {
    database = await testDatabase({ bells: [CreateContacts0001] }, { ownRoles: true });
    const url = database.url('bells');
    const requestsUrl = requestsDatabaseUrl(url, testSecret);
    db = await new DataSource(dataSourceOptions({ url, service: 'bells', requestsUrl })).initialize();
  });

  afterAll(async () => {
    await db?.destroy();
    await database?.drop();
  });

  const failure = (work: Promise<unknown>): Promise<any> =>
    work.then(
      () => Promise.reject(new Error('it was not refused')),
      (error: unknown) => error,
    );

  function expectDiscreet(error: any, told: object): void {
    expect(error).toMatchObject(told);
    // TypeORM adds the statement and its parameters, which no log prints.
    const { query: _query, parameters: _parameters, driverError, ...members } = error;
    const said = [error.message, error.stack, members, driverError?.message, driverError?.stack, { ...driverError }];
    expect(JSON.stringify(said)).not.toMatch(personal);
    expect(JSON.stringify(said)).not.toContain('1977-07-07');
    expect(error.stack).toContain(error.message);
  }

  it.each(refused)('tells what is wrong but nobody’s data: %s', async (text, values, told) => {
    expectDiscreet(await failure(db.query(text, values)), told);
    expectDiscreet(await failure(prepared(db).query(text, values)), told);
    expectDiscreet(await failure(asRequestOf('school', () => db.query(text, values))), told);
    const { code } = await failure(db.transaction((within) => within.query(text, values)));
    expect(code).toMatch(/^\w{5}$/);
  });

  it('does so in a migration too', async () => {
    const migrations = [CreateContacts0001, SpoilContacts0002];
    const options = { adminUrl: database.adminUrl, service: 'bells', migrations, secret: testSecret };
    expectDiscreet(await failure(migrateService(options)), { code: '22007' });
  });
});
