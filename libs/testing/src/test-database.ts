import { migrateService, serviceDatabaseUrl, type MigrationClass } from '@carillon/persistence';
import pg from 'pg';
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

/** A database of its own, migrated for the given services. Drop it when done. */
export async function testDatabase(services: Record<string, MigrationClass[]> = {}): Promise<TestDatabase> {
  const name = `carillon_test_${unique()}`;
  const adminUrl = withDatabase(servers.databaseUrl, name);
  for (const [service, migrations] of Object.entries(services))
    await migrateService({ adminUrl, service, migrations, secret: testSecret });
  if (Object.keys(services).length === 0) await maintain(`CREATE DATABASE ${name}`);
  const pool = new pg.Pool({ connectionString: adminUrl, max: 2 });
  pool.on('error', () => undefined); // connections that a test or the drop cuts
  return {
    name,
    adminUrl,
    url: (service) => serviceDatabaseUrl(adminUrl, service, testSecret),
    query: async (sql, parameters) => (await pool.query(sql, parameters)).rows,
    drop: async () => {
      await pool.end();
      await maintain(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      for (const { rolname } of await maintain(`SELECT rolname FROM pg_roles WHERE starts_with(rolname, '${name}_')`))
        await maintain(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(rolname)}`);
    },
  };
}

async function maintain(sql: string): Promise<any[]> {
  const client = new pg.Client({ connectionString: withDatabase(servers.databaseUrl, 'postgres') });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.toString();
}
