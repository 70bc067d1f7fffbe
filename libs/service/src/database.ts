import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  asRequestOf,
  dataSourceOptions,
  isDatabaseAway,
  outsideRequests,
  type MigrationClass,
  type PersistenceOptions,
} from '@carillon/persistence';
import type { Dependency } from '@carillon/messaging';
import type { DataSource } from 'typeorm';

/** The root TypeORM module of a service: waits for a database that is away, fails at once on a wrong password or name. */
export function databaseModule(options: PersistenceOptions): DynamicModule {
  return TypeOrmModule.forRoot({
    ...dataSourceOptions(options),
    retryAttempts: 1000,
    retryDelay: 1000,
    toRetry: isDatabaseAway,
  });
}

/** PostgreSQL as a dependency of consumers. */
export function databaseDependency(dataSource: DataSource): Dependency {
  return {
    name: 'PostgreSQL',
    isAway: isDatabaseAway,
    ping: () => outsideRequests(() => dataSource.query('SELECT 1')),
  };
}

/**
 * Waits until the migrations that this code needs have been applied, saying what it waits for, in the log and through
 * `tell`; they are run by `tools/migrate.mjs`. A database that is away is waited for too.
 */
export async function awaitMigrations(
  dataSource: DataSource,
  migrations: readonly MigrationClass[],
  tell: (reason: string) => void,
): Promise<void> {
  const logger = new Logger('database');
  for (let told: string | undefined; ; await sleep(1000)) {
    const cause = await whyNotMigrated(dataSource, migrations);
    if (cause === undefined) return;
    const reason = `waiting for the database: ${cause}`;
    if (reason !== told) logger.warn(reason);
    tell((told = reason));
  }
}

async function whyNotMigrated(
  dataSource: DataSource,
  migrations: readonly MigrationClass[],
): Promise<string | undefined> {
  try {
    const missing = await missingMigrations(dataSource, migrations);
    if (missing.length > 0) return `not migrated (node tools/migrate.mjs); missing: ${missing.join(', ')}`;
    return await whyNoRequests(dataSource);
  } catch (error) {
    if (isDatabaseAway(error)) return (error as Error).message;
    throw error;
  }
}

/** Why nobody can log in as the role of requests: found now, not by the first of them. */
async function whyNoRequests(dataSource: DataSource): Promise<string | undefined> {
  try {
    await asRequestOf(undefined, () => dataSource.query('SELECT 1'));
    return undefined;
  } catch (error) {
    // Of class 28: invalid authorization, such as no such role or another password; 42501: it may not connect.
    const { code = '', message } = error as { code?: string; message: string };
    if (!code.startsWith('28') && code !== '42501') throw error;
    return (
      `the role for requests cannot log in: ${message}. Run the migrations again (node tools/migrate.mjs), which make it, ` +
      'or give its URL as DATABASE_REQUESTS_URL (docs/running.md, "Roles of the database")'
    );
  }
}

async function missingMigrations(dataSource: DataSource, migrations: readonly MigrationClass[]): Promise<string[]> {
  const needed = migrations.map((Migration) => new Migration().name ?? Migration.name);
  try {
    const applied: { name: string }[] = await dataSource.query('SELECT name FROM migrations');
    return needed.filter((name) => !applied.some((migration) => migration.name === name));
  } catch (error) {
    // undefined_table or invalid schema: nothing has been migrated yet
    if (['42P01', '3F000', '42501'].includes((error as { code?: string }).code ?? '')) return needed;
    throw error;
  }
}
