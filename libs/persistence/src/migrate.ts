import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { discreetDriver } from './discreet-client.ts';
import { databaseOf, requestsRoleOf, roleOf, rolePassword, schemaOf } from './names.ts';
import { wallTenantsOff } from './tenancy/walls.ts';

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
 * the service's role may read and write rows of its own schema and nothing else, its role for requests only those of one tenant.
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
    const role = roleOf(databaseOf(adminUrl), service);
    await protectRecord(lock, role, schemaOf(service));
    await makeTenantStandings(lock, schemaOf(service));
    await wallTenantsOff(lock, schemaOf(service), { service: role, requests: requestsRoleOf(role) });
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
  const requests = requestsRoleOf(role);
  const schema = schemaOf(service);
  await prepareRoles(client, { database, schema, role, requests }, secret);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${name(schema)}`);
  await client.query(`GRANT USAGE ON SCHEMA ${name(schema)} TO ${name(role)}, ${name(requests)}`);
  await client.query(
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${name(schema)} GRANT USAGE ON SEQUENCES TO ${name(requests)}`,
  );
  for (const [objects, rights] of [
    ['TABLES', 'SELECT, INSERT, UPDATE, DELETE'],
    ['SEQUENCES', 'USAGE'],
  ]) {
    await client.query(
      `ALTER DEFAULT PRIVILEGES IN SCHEMA ${name(schema)} GRANT ${rights} ON ${objects} TO ${name(role)}`,
    );
  }
}

/** The two login roles of a service. Where the migrator may not make roles they must be there already, with their passwords. */
async function prepareRoles(
  client: pg.Client,
  { database, schema, role, requests }: Record<'database' | 'schema' | 'role' | 'requests', string>,
  secret?: string,
): Promise<void> {
  const roles = [role, requests];
  const { rows } = await client.query(
    `SELECT (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may,
       ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)) AS known`,
    [roles],
  );
  const [{ may, known }] = rows as [{ may: boolean; known: string[] }];
  const missing = roles.filter((one) => !known.includes(one));
  const passwordOf = (one: string) => (secret ? ` PASSWORD ${literal(rolePassword(one, secret))}` : '');
  if (!may && missing.length > 0) throw new RolesMissing(role, requests, missing);
  for (const one of missing) await client.query(`CREATE ROLE ${name(one)} LOGIN${passwordOf(one)}`);
  if (!may) return;
  if (secret) for (const one of known) await client.query(`ALTER ROLE ${name(one)}${passwordOf(one)}`);
  // Whoever waits for statements under way to end (outlast) must see those of requests, too.
  if (missing.length > 0) await client.query(`GRANT ${name(requests)} TO ${name(role)}`);
  for (const one of roles)
    await client.query(`ALTER ROLE ${name(one)} IN DATABASE ${name(database)} SET search_path = ${name(schema)}`);
}

/** The migrator may not make the roles of a service. The message says what whoever may has to do; no password is in it. */
export class RolesMissing extends Error {
  override readonly name = 'RolesMissing';

  constructor(role: string, requests: string, missing: readonly string[]) {
    super(
      `The role in DATABASE_URL may not create roles, and ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing. ` +
        `Grant it CREATEROLE, or have somebody who may run this once (docs/running.md says which passwords):\n` +
        missing.map((one) => `  CREATE ROLE ${name(one)} LOGIN PASSWORD '…';\n`).join('') +
        `  GRANT ${name(requests)} TO ${name(role)};`,
    );
  }
}

/** The service looks up what has been migrated; to change that record is the migrator's right alone. */
async function protectRecord(client: pg.Client, role: string, schema: string): Promise<void> {
  await client.query(`REVOKE INSERT, UPDATE, DELETE ON ${name(schema)}.migrations FROM ${name(role)}`);
}

/** How tenants stand with a service: a table that all of them have, as they all have the record of migrations. */
async function makeTenantStandings(client: pg.Client, schema: string): Promise<void> {
  await client.query(`
    CREATE TABLE IF NOT EXISTS ${name(schema)}.tenant_standings (
      tenant   text        PRIMARY KEY,
      standing text        NOT NULL CHECK (standing IN ('suspended', 'erased')),
      since    timestamptz NOT NULL DEFAULT now()
    )`);
}

async function runMigrations(adminUrl: string, schema: string, migrations: MigrationClass[]): Promise<string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    driver: discreetDriver,
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
