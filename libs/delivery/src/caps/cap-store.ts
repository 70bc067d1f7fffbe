import type { Caps } from '@carillon/contracts';
import { batched, type SqlRunner } from '@carillon/persistence';
import type { CapClaim, CapScope } from './cap-claims.ts';

/** What a tenant has set. */
export interface CapsRow {
  readonly caps: Caps;
  readonly updated_at: Date;
  readonly updated_by: string;
}

export interface Reservation {
  readonly tenant: string;
  readonly claims: readonly CapClaim[];
}

/** What was refused, and for how many seconds; undefined when all was granted. */
export type CapRefusal = { readonly claim: CapClaim; readonly untilSeconds: number } | undefined;

interface Counted {
  tenant: string;
  scope: CapScope;
  key: string;
  granted: number;
  left: number;
}

/**
 * Counts what is sent against the caps. Counts are rows, changed under their locks: replicas that count at the same time never
 * grant more than there is.
 */
export class CapStore {
  constructor(private readonly db: SqlRunner) {}

  /** Counts a delivery, for all its claims or for none. Deliveries that are there together share the statement. */
  readonly reserve = batched(
    async (reservations: readonly Reservation[]): Promise<CapRefusal[]> => {
      const counted = await this.add(reservations);
      const left = new Map(counted.map((row) => [keyOf(row), row]));
      const unused: Reservation[] = [];
      const answers = reservations.map(({ tenant, claims }): CapRefusal => {
        const rows = claims.map((claim) => left.get(keyOf({ tenant, ...claim }))!);
        const over = rows.findIndex(({ granted }) => granted <= 0);
        if (over === -1) {
          for (const row of rows) row.granted -= 1;
          return undefined;
        }
        return { claim: claims[over]!, untilSeconds: rows[over]!.left };
      });
      // What a delivery was granted in one count but not in another is given back.
      for (const { tenant, scope, key, granted } of counted) {
        for (let count = 0; count < granted; count += 1) unused.push({ tenant, claims: [{ scope, key, most: 0 }] });
      }
      if (unused.length > 0) await this.subtract(unused);
      return answers;
    },
    { max: 100 },
  );

  /** A delivery that was counted is not sent now. */
  readonly refund = batched(async (reservations: readonly Reservation[]) => {
    await this.subtract(reservations);
    return reservations.map(() => undefined);
  });

  /** What a tenant has sent today, of what is capped: as a whole, and by calling code. */
  async usedToday(tenant: string): Promise<{ messages: number; countries: Record<string, number> }> {
    const rows: { scope: CapScope; key: string; used: number }[] = await this.db.query(
      `SELECT scope, key, used FROM cap_usage
       WHERE tenant = $1 AND scope IN ('day', 'country_day') AND ends_at > now() ORDER BY key`,
      [tenant],
    );
    const countries = rows.filter(({ scope }) => scope === 'country_day').map(({ key, used }) => [key, used] as const);
    return {
      messages: rows.find(({ scope }) => scope === 'day')?.used ?? 0,
      countries: Object.fromEntries(countries),
    };
  }

  async read(tenant: string): Promise<CapsRow | undefined> {
    const [row] = await this.db.query('SELECT caps, updated_at, updated_by FROM caps WHERE tenant = $1', [tenant]);
    return row;
  }

  async write(tenant: string, caps: Caps, updatedBy: string): Promise<void> {
    await this.db.query(
      `INSERT INTO caps (tenant, caps, updated_at, updated_by) VALUES ($1, $2, now(), $3)
       ON CONFLICT (tenant) DO UPDATE SET caps = excluded.caps, updated_at = now(), updated_by = excluded.updated_by`,
      [tenant, JSON.stringify(caps), updatedBy],
    );
  }

  /** Removes counts of times that are over. */
  async forgetEnded(): Promise<void> {
    await this.db.query(`DELETE FROM cap_usage WHERE ends_at < now() - interval '1 hour'`);
  }

  /** @returns for each count how much of what was asked for it granted, and the seconds until it begins anew */
  private add(reservations: readonly Reservation[]): Promise<Counted[]> {
    const wanted = new Map<string, { tenant: string; asked: number } & CapClaim>();
    for (const { tenant, claims } of reservations) {
      for (const claim of claims) {
        const key = keyOf({ tenant, ...claim });
        wanted.set(key, { tenant, ...claim, asked: (wanted.get(key)?.asked ?? 0) + 1 });
      }
    }
    // In order of the key, so that replicas wait for each other instead of deadlocking.
    return this.db.query(
      `WITH item AS (
         SELECT item.*, date_trunc(unit, now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + ('1 ' || unit)::interval AS ends_at
         FROM json_to_recordset($1) AS item(tenant text, scope text, key text, most int, asked int),
           LATERAL (SELECT CASE WHEN scope = 'recipient_hour' THEN 'hour' ELSE 'day' END AS unit) AS of
       )
       INSERT INTO cap_usage AS usage (tenant, scope, key, ends_at, used, granted)
       SELECT tenant, scope, key, ends_at, least(asked, most), least(asked, most) FROM item ORDER BY tenant, scope, key
       ON CONFLICT (tenant, scope, key, ends_at) DO UPDATE SET (used, granted) = (
         SELECT greatest(usage.used, least(usage.used + asked, most)), greatest(0, least(asked, most - usage.used))
         FROM item WHERE item.tenant = usage.tenant AND item.scope = usage.scope AND item.key = usage.key)
       RETURNING tenant, scope, key, granted, extract(epoch FROM ends_at - now())::float8 AS left`,
      [JSON.stringify([...wanted.values()])],
    );
  }

  private async subtract(reservations: readonly Reservation[]): Promise<void> {
    const items = reservations.flatMap(({ tenant, claims }) =>
      claims.map(({ scope, key }) => ({ tenant, scope, key })),
    );
    await this.db.query(
      `WITH item AS (
         SELECT tenant, scope, key, count(*)::int AS unused
         FROM json_to_recordset($1) AS item(tenant text, scope text, key text) GROUP BY tenant, scope, key
       ), locked AS (
         SELECT usage.ctid, unused FROM cap_usage usage JOIN item USING (tenant, scope, key)
         WHERE ends_at > now() ORDER BY tenant, scope, key FOR UPDATE OF usage
       )
       UPDATE cap_usage usage SET used = greatest(0, used - unused) FROM locked WHERE usage.ctid = locked.ctid`,
      [JSON.stringify(items)],
    );
  }
}

function keyOf({ tenant, scope, key }: { tenant: string; scope: string; key: string }): string {
  return `${tenant} ${scope} ${key}`;
}
