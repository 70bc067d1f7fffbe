import { migrateService, serviceDatabaseUrl } from '@carillon/persistence';
import pg from 'pg';
import { copyMigrated, type Services } from './database-stock.ts';
import { maintain, withDatabase } from './maintenance.ts';
import { servers, testSecret, unique } from './servers.ts';

export interface TestDatabase {
  name: string;
  /** As the server's admin. */
  adminUrl: string;
  /** As the role of a service. */
  url(service: string): string;
  /** Runs SQL as admin, for arranging and asserting. */
  query<Row extends pg.QueryResultRow = any>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Removes it and the roles of its services, whoever migrated them. */
  drop(): Promise<void>;
}

/**
 * A database of its own, migrated for the given services. Drop it when done.
 * @param ownRoles it is migrated itself and its roles are its own, for tests of just that; others share the roles of the database that
 *   theirs is a copy of
 */
export async function testDatabase(services: Services = {}, { ownRoles = false } = {}): Promise<TestDatabase> {
  const name = `carillon_test_${unique()}`;
  const adminUrl = withDatabase(servers.databaseUrl, name);
  const copied = ownRoles ? undefined : await copyMigrated(services, name);
  if (!copied) {
    for (const [service, migrations] of Object.entries(services))
      await migrateService({ adminUrl, service, migrations, secret: testSecret });
    if (Object.keys(services).length === 0) await maintain((client) => client.query(`CREATE DATABASE ${name}`));
  }
  const rolesUrl = withDatabase(servers.databaseUrl, copied ?? name);
  const pool = new pg.Pool({ connectionString: adminUrl, max: 2 });
  pool.on('error', () => undefined); // connections that a test or the drop cuts
  return {
    name,
    adminUrl,
    url: (service) => withDatabase(serviceDatabaseUrl(rolesUrl, service, testSecret), name),
    query: async (sql, parameters) => (await pool.query(sql, parameters)).rows,
    drop: async () => {
      await pool.end();
      await maintain(async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        const { rows } = await client.query('SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)', [
          `${name}_`,
        ]);
        for (const { rolname } of rows) await client.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(rolname)}`);
      });
    },
  };
}
