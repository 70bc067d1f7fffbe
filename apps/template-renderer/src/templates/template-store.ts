import { batched, insertRows } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Candidates, FoundTemplate } from './lookup-order.ts';
import type { CompiledTemplate, PublishedTemplate, TemplateKey } from './template.ts';

/** The newest version of one template, without its content. */
export interface VersionHead extends TemplateKey {
  version: number;
  source_hash: string;
  /** Of the catalog that brought it; null where none did. */
  catalog_version: number | null;
  /** The admin who did. */
  published_by: string | null;
  /** Whether it is in use no more. */
  withdrawn: boolean;
  /** What the catalog document has, where an admin's words stand in its place. */
  beneath: { version: number; source: object } | null;
}

/** The newest version of a template that is not withdrawn, with its source. */
export interface VersionInUse extends TemplateKey {
  version: number;
  source: object;
  source_hash: string;
  catalog_version: number | null;
  published_by: string | null;
}

/** The newest version of one template. */
export interface NewestVersion {
  version: number;
  source: object;
  source_hash: string;
  withdrawn: boolean;
  /** The newest one that somebody wrote: those after it were only compiled anew. */
  written: number;
}

/** A version about to be published. */
export interface NewVersion extends TemplateKey {
  version: number;
  source_hash: string;
  source: object;
  compiled: CompiledTemplate;
  catalog_version?: number | null;
  /** The admin who publishes it. */
  published_by?: string | null;
  /** The earlier version whose words it brings back. */
  restored_from?: number;
  /** The version with the same words, which were only compiled anew. */
  recompiled_from?: number;
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

/** Whether a statement failed because another replica was first. */
export function isTaken(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}

/** The tables `templates` and `catalogs`. */
@Injectable()
export class TemplateStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The newest version of the first of these templates that is neither withdrawn nor switched off by the tenant. Calls of handlers
   * that run side by side share one statement.
   */
  readonly findFirst: (candidates: Candidates) => Promise<FoundTemplate> = batched(
    async (lookups: readonly Candidates[]) => {
      const wanted = lookups.flatMap(({ tenant, keys }, lookup) =>
        keys.map(({ tenant: owner, ...key }, rank) => ({ ...key, lookup, rank, tenant, owner })),
      );
      // Two rows a lookup at most: the best one, and the best of those that are switched off.
      const rows: (PublishedTemplate & { lookup: number; rank: number; inactive: boolean })[] =
        await this.dataSource.query(
          `SELECT DISTINCT ON (lookup, inactive) lookup, rank, inactive, owner AS tenant, type, channel, locale, version,
             CASE WHEN NOT inactive THEN compiled END AS compiled
           FROM (
             SELECT w.*, t.version, t.compiled, EXISTS (
               SELECT FROM inactive_templates i
               WHERE (i.tenant, i.owner, i.type, i.channel, i.locale) = (w.tenant, w.owner, w.type, w.channel, w.locale)
             ) AS inactive
             FROM json_to_recordset($1)
               AS w(lookup int, rank int, tenant text, owner text, type text, channel text, locale text)
             CROSS JOIN LATERAL (
               SELECT version, compiled, withdrawn_at FROM templates
               WHERE tenant = w.owner AND type = w.type AND channel = w.channel AND locale = w.locale
               ORDER BY version DESC LIMIT 1
             ) t
             WHERE t.withdrawn_at IS NULL
           ) found
           ORDER BY lookup, inactive, rank`,
          [JSON.stringify(wanted)],
        );
      const found: FoundTemplate[] = lookups.map(() => ({ template: null, passed: null }));
      for (const { lookup, rank, inactive, ...template } of rows) {
        const { tenant, type, channel, locale } = template;
        // The best one comes first: what is switched off and stands behind it was not passed over.
        if (!inactive) found[lookup] = { template, rank, passed: null };
        else if (rank < (found[lookup]!.rank ?? Infinity)) found[lookup]!.passed = { tenant, type, channel, locale };
      }
      return found;
    },
  );

  /** Data that the words of a type use, the tenant's and Carillon's, whatever their channel and language. */
  async variablesOf(tenant: string, type: string): Promise<string[]> {
    const rows: { variable: string }[] = await this.dataSource.query(
      `SELECT DISTINCT jsonb_array_elements_text((compiled->'required') || (compiled->'optional')) AS variable
       FROM (
         SELECT DISTINCT ON (tenant, channel, locale) compiled, withdrawn_at FROM templates
         WHERE tenant IN ($1, '') AND type = $2 ORDER BY tenant, channel, locale, version DESC
       ) newest
       WHERE withdrawn_at IS NULL`,
      [tenant, type],
    );
    return rows.map(({ variable }) => variable);
  }

  /**
   * The newest version of one template, with its source; null where nothing was ever published.
   *
   * @param manager of the transaction that it is a part of
   */
  async newest(key: TemplateKey, manager: EntityManager | DataSource = this.dataSource): Promise<NewestVersion | null> {
    const [row] = await manager.query(
      `SELECT version, source, source_hash, withdrawn_at IS NOT NULL AS withdrawn, (
         SELECT coalesce(max(version), 0) FROM templates o
         WHERE (o.tenant, o.type, o.channel, o.locale) = ($1, $2, $3, $4) AND o.recompiled_from IS NULL
       ) AS written
       FROM templates WHERE (tenant, type, channel, locale) = ($1, $2, $3, $4) ORDER BY version DESC LIMIT 1`,
      [key.tenant, key.type, key.channel, key.locale],
    );
    return row ?? null;
  }

  /** One version, whatever its state; null where there is none. */
  async version(key: TemplateKey, version: number): Promise<PublishedTemplate | null> {
    const [row] = await this.dataSource.query(
      `SELECT tenant, type, channel, locale, version, compiled FROM templates
       WHERE (tenant, type, channel, locale, version) = ($1, $2, $3, $4, $5)`,
      [key.tenant, key.type, key.channel, key.locale, version],
    );
    return row ?? null;
  }

  /** The newest versions of all of one tenant's templates, withdrawn ones too. */
  newestOf(tenant: string): Promise<VersionHead[]> {
    return this.dataSource.query(
      `SELECT n.*, CASE WHEN NOT b.withdrawn THEN json_build_object('version', b.version, 'source', b.source) END AS beneath
       FROM (
         SELECT DISTINCT ON (type, channel, locale) tenant, type, channel, locale, version, source_hash,
           catalog_version, published_by, withdrawn_at IS NOT NULL AS withdrawn
         FROM templates WHERE tenant = $1 ORDER BY type, channel, locale, version DESC
       ) n
       LEFT JOIN LATERAL (
         SELECT version, source, withdrawn_at IS NOT NULL AS withdrawn FROM templates
         WHERE n.catalog_version IS NULL AND catalog_version IS NOT NULL
           AND (tenant, type, channel, locale) = (n.tenant, n.type, n.channel, n.locale)
         ORDER BY version DESC LIMIT 1
       ) b ON true`,
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

  /** The tenants that have templates of their own. */
  async tenants(): Promise<string[]> {
    const rows: { tenant: string }[] = await this.dataSource.query(
      `SELECT DISTINCT tenant FROM templates WHERE tenant <> '' ORDER BY tenant`,
    );
    return rows.map(({ tenant }) => tenant);
  }

  /** The words that one tenant, or Carillon, has and that are not withdrawn. */
  inUse(tenant: string): Promise<VersionInUse[]> {
    return this.dataSource.query(
      `SELECT tenant, type, channel, locale, version, source, source_hash, catalog_version, published_by FROM (
         SELECT DISTINCT ON (type, channel, locale) * FROM templates
         WHERE tenant = $1 ORDER BY type, channel, locale, version DESC
       ) newest
       WHERE withdrawn_at IS NULL
       ORDER BY type, channel, locale`,
      [tenant],
    );
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
      if (isTaken(error)) return false;
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
      await insertVersions(manager, publish);
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

/** Writes new versions with other changes. It fails where one of them is there already ({@link isTaken}). */
export async function insertVersions(manager: EntityManager, versions: readonly NewVersion[]): Promise<void> {
  await insertRows(manager, 'templates', versions.map(withPublishingTime));
}

// json_populate_recordset writes a missing column as NULL, not as its default.
function withPublishingTime(version: NewVersion): object {
  return { ...version, published_at: new Date().toISOString() };
}
