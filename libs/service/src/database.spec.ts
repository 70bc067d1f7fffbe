import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, until, type TestDatabase } from '@carillon/testing';
import { DataSource } from 'typeorm';
import { awaitMigrations } from './database.ts';

describe('a service without its role for requests', () => {
  let database: TestDatabase;
  let db: DataSource;

  beforeAll(async () => {
    database = await testDatabase({ bells: [] }, { ownRoles: true });
    const requests = new URL(database.url('bells'));
    requests.username = `${database.name}_late`;
    db = new DataSource(
      dataSourceOptions({ url: database.url('bells'), service: 'bells', requestsUrl: requests.toString() }),
    );
    await db.initialize();
  });
  afterAll(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('does not begin, says what is missing and what to do, and begins once it is there', async () => {
    const told: string[] = [];
    let begun = false;
    const waiting = awaitMigrations(db, [], (reason) => told.push(reason)).then(() => (begun = true));
    await until('it is told', () => told.length > 0);
    expect(told[0]).toMatch(
      /the role for requests cannot log in: .*_late.*node tools\/migrate\.mjs.*DATABASE_REQUESTS_URL/,
    );
    expect(begun).toBe(false);
    await database.query(`CREATE ROLE ${database.name}_late LOGIN`);
    await waiting;
  });
});
