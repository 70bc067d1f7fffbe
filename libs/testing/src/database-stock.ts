import { hash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrateService, type MigrationClass } from '@carillon/persistence';
import { maintain, withDatabase } from './maintenance.ts';
import { servers, testSecret, unique } from './servers.ts';
import { stock } from './stock.ts';

/** Which migrations a database has, by service. */
export type Services = Record<string, MigrationClass[]>;

/**
 * Makes a database as it is once migrated for the services: by copying one that is kept for that, because migrations take PostgreSQL
 * some 0.3 s for each service. The roles are those of the one that is kept.
 * @returns the name of that one, undefined where there is no stock and nothing was made
 */
export async function copyMigrated(services: Services, name: string): Promise<string | undefined> {
  const folder = stock('databases');
  if (!folder || Object.keys(services).length === 0) return undefined;
  const kept = await keptFor(services, folder);
  await maintain(async (client) => {
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${kept}`);
    // A role's settings within a database are no part of the database.
    const { rows } = await client.query<{ set: string }>(
      `SELECT format('ALTER ROLE %I IN DATABASE %I SET %s', role.rolname, $2::text, replace(setting, '=', ' TO ')) AS set
         FROM pg_db_role_setting s JOIN pg_roles role ON role.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase,
              unnest(s.setconfig) AS setting
        WHERE d.datname = $1`,
      [kept, name],
    );
    await client.query(rows.map(({ set }) => set).join(';'));
  });
  return kept;
}

/** The name of the database that is copied; the first worker that needs it makes it. `tools/jest` removes it. */
async function keptFor(services: Services, folder: string): Promise<string> {
  const migrations = Object.entries(services).map(([service, classes]) => [service, ...classes.map(String)]);
  const file = join(folder, hash('sha256', JSON.stringify(migrations)));
  return (
    (await contentOf(file)) ??
    maintain(async (client) => {
      // For as long as this connection lasts.
      await client.query('SELECT pg_advisory_lock(hashtext($1))', [file]);
      const made = await contentOf(file);
      if (made) return made;
      const name = `carillon_test_${unique()}`;
      const adminUrl = withDatabase(servers.databaseUrl, name);
      for (const [service, classes] of Object.entries(services))
        await migrateService({ adminUrl, service, migrations: classes, secret: testSecret });
      await writeFile(file, name);
      return name;
    })
  );
}

const contentOf = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);
