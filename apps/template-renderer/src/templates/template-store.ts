import { batched, insertRows } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CompiledTemplate, PublishedTemplate, TemplateKey } from './template.ts';

/** The newest version of one template, without its content. */
export interface VersionHead extends TemplateKey {
  version: number;
  source_hash: string;
  /** Of the catalog that brought it; null where none did. */
  catalog_version: number | null;
  /** Whether it is in use no more. */
  withdrawn: boolean;
}

/** A version about to be published. */
export interface NewVersion extends TemplateKey {
  version: number;
  source_hash: string;
  source: object;
  compiled: CompiledTemplate;
  catalog_version?: number;
}

/** What a catalog changes in its tenant's templates. */
export interface CatalogStep {
  tenant: string;
  /** The version of the catalog that the step starts from; 0 for none. */
  from: number;
  /** The version whose words are then in use. */
  to: number;
  publish: readonly NewVersion[];
  withdraw: readonly (TemplateKey & { version: number })[];
}

const uniqueViolation = '23505';

/** The tables `templates` and `catalogs`. */
@Injectable()
export class TemplateStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The newest version of the first of these templates that exists and is not withdrawn. Calls of handlers that run side by side share one
   * statement.
   *
   * @param candidates best first
   */
  readonly findFirst: (candidates: readonly TemplateKey[]) => Promise<PublishedTemplate | null> = batched(
    async (lookups: readonly (readonly TemplateKey[])[]) => {
      const wanted = lookups.flatMap((keys, lookup) => keys.map((key, rank) => ({ ...key, lookup, rank })));
      const rows: (PublishedTemplate & { lookup: number })[] = await this.dataSource.query(
        `SELECT DISTINCT ON (w.lookup) w.lookup, w.tenant, w.type, w.channel, w.locale, t.version, t.compiled
         FROM json_to_recordset($1) AS w(lookup int, rank int, tenant text, type text, channel text, locale text)
         CROSS JOIN LATERAL (
           SELECT version, compiled, withdrawn_at FROM templates
           WHERE tenant = w.tenant AND type = w.type AND channel = w.channel AND locale = w.locale
           ORDER BY version DESC LIMIT 1
         ) t
         WHERE t.withdrawn_at IS NULL
         ORDER BY w.lookup, w.rank`,
        [JSON.stringify(wanted)],
      );
      const found = new Map(rows.map(({ lookup, ...template }) => [lookup, template]));
      return lookups.map((_, lookup) => found.get(lookup) ?? null);
    },
  );

  /** The newest versions of all of one tenant's templates, withdrawn ones too. */
  newestOf(tenant: string): Promise<VersionHead[]> {
    return this.dataSource.query(
      `SELECT DISTINCT ON (type, channel, locale) tenant, type, channel, locale, version, source_hash,
         catalog_version, withdrawn_at IS NOT NULL AS withdrawn
       FROM templates WHERE tenant = $1 ORDER BY type, channel, locale, version DESC`,
      [tenant],
    );
  }

  /** @returns the versions that were really written; another replica may have been first with the others */
  async publish(versions: readonly NewVersion[]): Promise<TemplateKey[]> {
    return insertRows<TemplateKey>(this.dataSource, 'templates', versions.map(withPublishingTime), {
      onConflict: 'DO NOTHING',
      returning: 'tenant, type, channel, locale',
    });
  }

  /** The version of the tenant's catalog whose words are in use; 0 for none. */
  async catalogVersion(tenant: string): Promise<number> {
    const [row] = await this.dataSource.query('SELECT version FROM catalogs WHERE tenant = $1', [tenant]);
    return row?.version ?? 0;
  }

  /** The tenants that have a catalog. */
  async catalogTenants(): Promise<string[]> {
    const rows: { tenant: string }[] = await this.dataSource.query('SELECT tenant FROM catalogs ORDER BY tenant');
    return rows.map(({ tenant }) => tenant);
  }

  /** The sources that the tenant's catalog brought and that are in use, by type, language and channel. */
  async sourcesInUse(tenant: string): Promise<Record<string, Record<string, Record<string, unknown>>>> {
    const rows: { type: string; locale: string; channel: string; source: unknown }[] = await this.dataSource.query(
      `SELECT type, locale, channel, source FROM (
         SELECT DISTINCT ON (type, channel, locale) *
         FROM templates WHERE tenant = $1 ORDER BY type, channel, locale, version DESC
       ) newest
       WHERE withdrawn_at IS NULL AND catalog_version IS NOT NULL`,
      [tenant],
    );
    const sources: Record<string, Record<string, Record<string, unknown>>> = {};
    for (const { type, locale, channel, source } of rows) ((sources[type] ??= {})[locale] ??= {})[channel] = source;
    return sources;
  }

  /**
   * Takes the whole step or nothing of it.
   *
   * @returns false when another replica was first, with another version of the catalog or the same templates
   */
  async takeStep(step: CatalogStep): Promise<boolean> {
    try {
      return await this.taken(step);
    } catch (error) {
      if ((error as { code?: string }).code === uniqueViolation) return false;
      throw error;
    }
  }

  private taken({ tenant, from, to, publish, withdraw }: CatalogStep): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      // Locks the tenant's row, so that steps of one tenant are taken one after the other.
      const taken: unknown[] = await manager.query(
        `INSERT INTO catalogs (tenant, version) VALUES ($1, $2)
         ON CONFLICT (tenant) DO UPDATE SET version = excluded.version, applied_at = now() WHERE catalogs.version = $3
         RETURNING tenant`,
        [tenant, to, from],
      );
      if (taken.length === 0) return false;
      await insertRows(manager, 'templates', publish.map(withPublishingTime));
      await manager.query(
        `UPDATE templates t SET withdrawn_at = now()
         FROM json_to_recordset($2) AS w(type text, channel text, locale text, version int)
         WHERE t.tenant = $1 AND (t.type, t.channel, t.locale, t.version) = (w.type, w.channel, w.locale, w.version)`,
        [tenant, JSON.stringify(withdraw)],
      );
      return true;
    });
  }
}

// json_populate_recordset writes a missing column as NULL, not as its default.
function withPublishingTime(version: NewVersion): object {
  return { ...version, published_at: new Date().toISOString() };
}
