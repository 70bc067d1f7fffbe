import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { databaseOf, roleOf, rolePassword, schemaOf } from './names.ts';

export type MigrationClass = new () => MigrationInterface;

export interface MigrateOptions {
  /** A role that may create databases, roles and schemas. */
  adminUrl: string;
  service: string;
  /** Numbered migration classes, in order. */
  migrations: MigrationClass[];
  /** The installation's secret, from which the role's password is derived; default `CARILLON_SECRET`. */
  secret?: string;
}

const { escapeIdentifier: name, escapeLiteral: literal } = pg;

/**
 * Brings one service's database, role and schema up to date. Safe to run by several replicas at once: an advisory lock
 * lets one work while the others wait and then find nothing to do. The migrations run as the admin, who owns the tables;
 * the service's role may read and write rows of its own schema and nothing else.
 *
 * @returns the names of the migrations that were applied
 */
export async function migrateService({
  adminUrl,
  service,
  migrations,
  secret = process.env.CARILLON_SECRET,
}: MigrateOptions): Promise<string[]> {
  await createDatabase(adminUrl);
  const lock = new pg.Client({ connectionString: adminUrl, application_name: `carillon-migrate ${service}` });
  await lock.connect();
  try {
    await lock.query(`SELECT pg_advisory_lock(hashtext('carillon migrate'))`);
    await prepareSchema(lock, databaseOf(adminUrl), service, secret);
    const applied = await runMigrations(adminUrl, schemaOf(service), migrations);
    await protectRecord(lock, databaseOf(adminUrl), service);
    return applied;
  } finally {
    await lock.end();
  }
}

async function createDatabase(adminUrl: string): Promise<void> {
  const database = databaseOf(adminUrl);
  const maintenance = new URL(adminUrl);
  maintenance.pathname = '/postgres';
  const probe = new pg.Client({ connectionString: adminUrl });
  try {
    await probe.connect();
    return;
  } catch (error) {
    if ((error as pg.DatabaseError).code !== '3D000') throw error; // invalid_catalog_name: it does not exist yet
  } finally {
    await probe.end().catch(() => undefined);
  }
  const client = new pg.Client({ connectionString: maintenance.toString() });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name(database)}`);
  } catch (error) {
    // duplicate_database, or the unique violation that two simultaneous CREATEs end in: another migrator was first.
    if (!['42P04', '23505'].includes((error as pg.DatabaseError).code ?? '')) throw error;
  } finally {
    await client.end();
  }
}

async function prepareSchema(client: pg.Client, database: string, service: string, secret?: string): Promise<void> {
  const role = roleOf(database, service);
  const schema = schemaOf(service);
  const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (known.rowCount === 0) await client.query(`CREATE ROLE ${name(role)} LOGIN`);
  if (secret) await client.query(`ALTER ROLE ${name(role)} PASSWORD ${literal(rolePassword(role, secret))}`);
  await client.query(`ALTER ROLE ${name(role)} IN DATABASE ${name(database)} SET search_path = ${name(schema)}`);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${name(schema)}`);
  await client.query(`GRANT USAGE ON SCHEMA ${name(schema)} TO ${name(role)}`);
  for (const [objects, rights] of [
    ['TABLES', 'SELECT, INSERT, UPDATE, DELETE'],
    ['SEQUENCES', 'USAGE'],
  ]) {
    await client.query(
      `ALTER DEFAULT PRIVILEGES IN SCHEMA ${name(schema)} GRANT ${rights} ON ${objects} TO ${name(role)}`,
    );
  }
}

/** The service looks up what has been migrated; to change that record is the migrator's right alone. */
async function protectRecord(client: pg.Client, database: string, service: string): Promise<void> {
  const record = `${name(schemaOf(service))}.migrations`;
  await client.query(`REVOKE INSERT, UPDATE, DELETE ON ${record} FROM ${name(roleOf(database, service))}`);
}

async function runMigrations(adminUrl: string, schema: string, migrations: MigrationClass[]): Promise<string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: adminUrl,
    schema,
    migrations,
    migrationsTableName: 'migrations',
    installExtensions: false,
    // Tables are named plainly in migrations, as in the service's own SQL.
    extra: { max: 2, options: `-c search_path=${schema}` },
  });
  await dataSource.initialize();
  try {
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    return applied.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}
