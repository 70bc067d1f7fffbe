import type { SuppressionChanged } from '@carillon/contracts';
import { batched, type SqlRunner } from '@carillon/persistence';

type Change = SuppressionChanged & { readonly tenant: string };

/**
 * Whom nothing may be sent to, as preferences tells it. It decides nothing new, for which preferences is asked first; it stops what was
 * decided before: deliveries in a queue, or waiting for another attempt.
 */
export class SuppressedAddresses {
  constructor(private readonly db: SqlRunner) {}

  /** What is older than what is known changes nothing, so messages may overtake each other. */
  readonly remember = batched<Change, void>(async (changes) => {
    // One statement must not meet its own row; the latest word stands.
    const latest = new Map<string, Change>();
    for (const change of changes) {
      const key = `${change.tenant} ${change.address}`;
      const known = latest.get(key);
      if (!known || Date.parse(known.at) <= Date.parse(change.at)) latest.set(key, change);
    }
    await this.db.query(
      `INSERT INTO suppressed_addresses (tenant, address, reason, as_of)
       SELECT tenant, address, reason, at FROM json_to_recordset($1) AS item(tenant text, address text, reason text, at timestamptz)
       ORDER BY tenant, address
       ON CONFLICT (tenant, address) DO UPDATE SET reason = excluded.reason, as_of = excluded.as_of
       WHERE suppressed_addresses.as_of <= excluded.as_of`,
      [JSON.stringify([...latest.values()])],
    );
    return changes.map(() => undefined);
  });
}
