import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlRunner } from './insert-rows.ts';
import { outsideRequests } from './tenancy/request-scope.ts';

/** Longer than any statement of a service may run (`statement_timeout`), with a margin for transactions of several. */
const limitMs = 60_000;

/**
 * Resolves when every transaction of this service that may have begun before now has ended, in all its replicas. A statement
 * does not see what was committed after it began; once this resolves there is none left that has not seen what the caller
 * committed before. Unlike a table lock it holds nobody up.
 *
 * @throws Error when a transaction lasts longer than a minute
 */
export function outlast(db: SqlRunner): Promise<void> {
  // The role of requests is not shown the statements of the service's own.
  return outsideRequests(() => untilEnded(db));
}

async function untilEnded(db: SqlRunner): Promise<void> {
  // As text: a Date would cut the microseconds off.
  const [{ since }]: [{ since: string }] = await db.query('SELECT clock_timestamp()::text AS since');
  const deadline = performance.now() + limitMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    const older = await db.query(
      `SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND usename IN (current_user, current_user || '_requests') AND pid <> pg_backend_pid() AND xact_start < $1::timestamptz
        LIMIT 1`,
      [since],
    );
    if (older.length === 0) return;
    if (performance.now() > deadline) throw new Error(`a transaction from before ${since} is still under way`);
    await sleep(pauseMs);
  }
}
