import type { SqlRunner } from '@carillon/persistence';
import type { Lease } from './rate-budget.ts';

/** Nobody takes moments further ahead than this: whoever comes then must find some. */
const aheadSeconds = 1;

/**
 * Takes the next moments of a provider's rate for this replica; by the database's clock, under the lock of the provider's row.
 * @param tenant empty for a provider of the installation
 */
export async function leaseMoments(
  db: SqlRunner,
  { tenant, provider, perSecond }: { tenant: string; provider: string; perSecond: number },
  count: number,
): Promise<Lease> {
  const [row]: { first_in: number }[] = await db.query(
    `INSERT INTO rate_budgets AS budget (tenant, provider, next_at)
     VALUES ($1, $2, clock_timestamp() + $3 * interval '1 second')
     ON CONFLICT (tenant, provider) DO UPDATE
       SET next_at = greatest(budget.next_at, clock_timestamp()) + $3 * interval '1 second'
       WHERE budget.next_at < clock_timestamp() + $4 * interval '1 second'
     RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 - $3 AS first_in`,
    [tenant, provider, count / perSecond, aheadSeconds],
  );
  return row && { firstInMs: Math.max(0, row.first_in * 1000), count };
}
