import { Injectable } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { asRequestOf, outsideRequests } from '@carillon/persistence';
import { DataSource, type EntityManager } from 'typeorm';
import type { TenantState, TenantView } from './tenant-view.ts';

/** How long a replica may take for one step before another one goes on; renewed with every step. */
const claimSeconds = 60;

const columns = `tenant AS id, nullif(name, '') AS name, state, reason, created_at, created_by, changed_at, pending, progress`;

/** A tenant about which there is something to do, claimed by this replica. */
export type PendingTenant = Pick<TenantView, 'id' | 'state' | 'progress'>;

/**
 * The tenants of the installation. What is done to one is done as a request of that one; only who looks at all of them, or looks for
 * work, sees more than one.
 */
@Injectable()
export class TenantStore {
  constructor(private readonly db: DataSource) {}

  /** By id. @param after exclusive */
  async list(
    state: TenantState | undefined,
    { limit, after }: { limit: number; after: string | null },
  ): Promise<{ data: TenantView[]; next: string | null }> {
    const rows: TenantView[] = await outsideRequests(() =>
      this.db.query(
        `SELECT ${columns} FROM tenants WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR tenant > $2)
         ORDER BY tenant LIMIT $3`,
        [state ?? null, after, limit + 1],
      ),
    );
    const data = rows.slice(0, limit);
    return { data, next: rows.length > limit ? data.at(-1)!.id : null };
  }

  /** @throws Problem 404 */
  get(id: string): Promise<TenantView> {
    return asRequestOf(id, async () => {
      const [row]: TenantView[] = await this.db.query(`SELECT ${columns} FROM tenants WHERE tenant = $1`, [id]);
      if (!row) throw Problem.notFound('tenant', id);
      return row;
    });
  }

  /**
   * @param andThen what belongs to it from the beginning
   * @returns undefined for one that is there already, or was and is erased
   */
  create<T>(id: string, name: string, by: string, andThen: (db: EntityManager) => Promise<T>): Promise<T | undefined> {
    return asRequestOf(id, () =>
      this.db.transaction(async (db) => {
        const rows: unknown[] = await db.query(
          `INSERT INTO tenants (tenant, name, created_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING tenant`,
          [id, name, by],
        );
        return rows.length > 0 ? andThen(db) : undefined;
      }),
    );
  }

  /**
   * Another state, which is then brought to all services.
   * @param from the states that it may be in
   * @returns undefined where it is in none of them
   */
  change(
    id: string,
    from: readonly TenantState[],
    to: TenantState,
    reason: string | null,
  ): Promise<TenantView | undefined> {
    return asRequestOf(id, async () => {
      const [[row]]: [TenantView[]] = await this.db.query(
        `UPDATE tenants SET state = $3, reason = $4, changed_at = now(), pending = true, claimed_until = now(), progress = '{}'
         WHERE tenant = $1 AND state = ANY($2) RETURNING ${columns}`,
        [id, from, to, reason],
      );
      return row;
    });
  }

  /** One about which there is something to do that nobody does. */
  async claim(): Promise<PendingTenant | undefined> {
    const [[row]]: [PendingTenant[]] = await this.db.query(
      `UPDATE tenants SET claimed_until = now() + $1 * interval '1 second' WHERE tenant = (
         SELECT tenant FROM tenants WHERE pending AND claimed_until <= now() ORDER BY claimed_until LIMIT 1 FOR UPDATE SKIP LOCKED
       ) RETURNING tenant AS id, state, progress`,
      [claimSeconds],
    );
    return row;
  }

  /**
   * Writes how far it is, and keeps the claim.
   * @returns false when the tenant has got another state meanwhile: what is being done is not wanted any more
   */
  async advance({ id, state }: PendingTenant, progress: object): Promise<boolean> {
    const [, count]: [unknown, number] = await this.db.query(
      `UPDATE tenants SET progress = $3, claimed_until = now() + $4 * interval '1 second'
       WHERE tenant = $1 AND state = $2 AND pending`,
      [id, state, progress, claimSeconds],
    );
    return count > 0;
  }

  /** Gives the claim back: whoever is next goes on in so many seconds. */
  async release({ id, state }: PendingTenant, seconds: number, progress: object): Promise<void> {
    await this.db.query(
      `UPDATE tenants SET progress = $3, claimed_until = now() + $4 * interval '1 second' WHERE tenant = $1 AND state = $2`,
      [id, state, progress, seconds],
    );
  }

  /** It holds everywhere now. Of an erased one only the id is left, and when it was erased. */
  async done({ id, state }: PendingTenant, progress: object): Promise<void> {
    await this.db.query(
      `UPDATE tenants SET pending = false, progress = $3,
         state = CASE WHEN state = 'erasing' THEN 'erased' ELSE state END,
         changed_at = CASE WHEN state = 'erasing' THEN now() ELSE changed_at END,
         name = CASE WHEN state = 'erasing' THEN '' ELSE name END,
         reason = CASE WHEN state = 'erasing' THEN NULL ELSE reason END
       WHERE tenant = $1 AND state = $2`,
      [id, state, progress],
    );
  }
}
