import type { SqlRunner } from '@carillon/persistence';

/** A provider as a tenant has configured it. Names are the table's columns. */
export interface ProviderRow {
  readonly tenant: string;
  readonly name: string;
  readonly kind: string;
  readonly settings: Record<string, unknown>;
  /** Sealed. */
  readonly secrets: Record<string, string>;
  readonly hints: Record<string, string | null>;
  readonly position: number;
  readonly weight: number;
  readonly enabled: boolean;
  readonly sender_ids: Record<string, string>;
  readonly rate_per_second: number | null;
  readonly concurrency: number | null;
  readonly updated_at: Date;
  readonly updated_by: string;
}

/** The providers' table. */
export class ProviderStore {
  constructor(private readonly db: SqlRunner) {}

  /** In the order in which they are asked. */
  ofTenant(tenant: string): Promise<ProviderRow[]> {
    return this.db.query('SELECT * FROM providers WHERE tenant = $1 ORDER BY position, name', [tenant]);
  }

  async write(row: Omit<ProviderRow, 'updated_at'>): Promise<void> {
    const { tenant, name, kind, settings, secrets, hints, position, weight, enabled, sender_ids } = row;
    await this.db.query(
      `INSERT INTO providers (tenant, name, kind, settings, secrets, hints, position, weight, enabled, sender_ids,
         rate_per_second, concurrency, updated_by, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now())
       ON CONFLICT (tenant, name) DO UPDATE SET kind = excluded.kind, settings = excluded.settings,
         secrets = excluded.secrets, hints = excluded.hints, position = excluded.position, weight = excluded.weight,
         enabled = excluded.enabled, sender_ids = excluded.sender_ids, rate_per_second = excluded.rate_per_second,
         concurrency = excluded.concurrency, updated_by = excluded.updated_by, updated_at = now()`,
      [
        ...[
          tenant,
          name,
          kind,
          JSON.stringify(settings),
          JSON.stringify(secrets),
          JSON.stringify(hints),
          position,
          weight,
        ],
        ...[enabled, JSON.stringify(sender_ids), row.rate_per_second, row.concurrency, row.updated_by],
      ],
    );
  }

  async remove(tenant: string, name: string): Promise<void> {
    await this.db.query('DELETE FROM providers WHERE tenant = $1 AND name = $2', [tenant, name]);
    await this.db.query('DELETE FROM provider_breakers WHERE tenant = $1 AND provider = $2', [tenant, name]);
    await this.db.query('DELETE FROM rate_budgets WHERE tenant = $1 AND provider = $2', [tenant, name]);
  }

  /** Whose secrets were not sealed with a key. */
  sealedOtherwise(keyId: string): Promise<ProviderRow[]> {
    return this.db.query(
      `SELECT * FROM providers
       WHERE EXISTS (SELECT FROM jsonb_each_text(secrets) AS secret WHERE NOT starts_with(secret.value, $1))`,
      [`s1.${keyId}.`],
    );
  }

  /** Seals anew, unless the secrets were changed since they were read. */
  async reseal({ tenant, name, updated_at }: ProviderRow, secrets: Record<string, string>): Promise<void> {
    await this.db.query(
      `UPDATE providers SET secrets = $4
       WHERE tenant = $1 AND name = $2 AND date_trunc('milliseconds', updated_at) = $3`,
      [tenant, name, updated_at, JSON.stringify(secrets)],
    );
  }
}
