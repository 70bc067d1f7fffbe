import { Injectable } from '@nestjs/common';
import { Problem, type CatalogDocument, type CatalogVersion } from '@carillon/contracts';
import { insertRows, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { TenantSource } from '../sources/tenant-source.ts';

/** What is to be written of a document that was found right. */
export interface NewVersion {
  document: CatalogDocument;
  text: string;
  format: CatalogVersion['format'];
  applied_by: string;
  reverts: number | null;
}

/** A version that the other services may not have heard of. */
export interface Unannounced {
  tenant: string;
  version: number;
  document: CatalogDocument;
  applied_at: Date;
}

export type ListedVersion = Omit<CatalogVersion, 'document' | 'text'> & { applied_at: string; applied_by: string };

/** Where a tenant has no document. */
export const noDocument: CatalogVersion = {
  version: 0,
  document: {},
  text: '',
  format: 'yaml',
  applied_at: null,
  applied_by: null,
  reverts: null,
};

const columns = 'version, format, applied_at, applied_by, reverts';

/** The catalog documents of all tenants, version by version. */
@Injectable()
export class CatalogVersions {
  constructor(private readonly db: DataSource) {}

  /** The one that holds. */
  async current(tenant: string, db: SqlRunner = this.db): Promise<CatalogVersion> {
    const [row] = await db.query(
      `SELECT ${columns}, document, text FROM catalog_versions WHERE tenant = $1 ORDER BY version DESC LIMIT 1`,
      [tenant],
    );
    return row ? versionOf(row) : noDocument;
  }

  /** @throws Problem 404 */
  async get(tenant: string, version: number): Promise<CatalogVersion> {
    const [row] = await this.db.query(
      `SELECT ${columns}, document, text FROM catalog_versions WHERE tenant = $1 AND version = $2`,
      [tenant, version],
    );
    if (!row) throw Problem.notFound('catalog version', String(version));
    return versionOf(row);
  }

  /** Newest first. @param after the version before which to begin */
  async list(
    tenant: string,
    { limit, after }: { limit: number; after: string | null },
  ): Promise<{ data: ListedVersion[]; next: string | null }> {
    const rows = await this.db.query(
      `SELECT ${columns} FROM catalog_versions
       WHERE tenant = $1 AND ($2::int IS NULL OR version < $2) ORDER BY version DESC LIMIT $3`,
      [tenant, after, limit + 1],
    );
    const data = rows.slice(0, limit).map(versionOf);
    return { data, next: rows.length > limit ? String(data.at(-1)!.version) : null };
  }

  /**
   * Decides about the next version under the tenant's lock, so that of two at once the second sees the first.
   * @param decide given the one that holds; what it returns is written as the next one
   * @returns the version that was written, if any
   */
  append(tenant: string, decide: (current: CatalogVersion) => NewVersion | undefined): Promise<number | undefined> {
    return this.db.transaction(async (db) => {
      await db.query(`SELECT pg_advisory_xact_lock(hashtextextended('catalog of ' || $1, 0))`, [tenant]);
      const current = await this.current(tenant, db);
      const next = decide(current);
      if (!next) return undefined;
      const version = current.version + 1;
      await insertRows(db, 'catalog_versions', [{ tenant, version, applied_at: new Date().toISOString(), ...next }]);
      return version;
    });
  }

  /** The newest of each tenant that nobody was told of. */
  unannounced(limit: number): Promise<Unannounced[]> {
    return this.db.query(
      `SELECT DISTINCT ON (tenant) tenant, version, document, applied_at FROM catalog_versions
       WHERE announced_at IS NULL ORDER BY tenant, version DESC LIMIT $1`,
      [limit],
    );
  }

  /** What is older need not be told any more. */
  async markAnnounced({ tenant, version }: Unannounced): Promise<void> {
    await this.db.query(
      `UPDATE catalog_versions SET announced_at = now() WHERE tenant = $1 AND version <= $2 AND announced_at IS NULL`,
      [tenant, version],
    );
  }

  /** Those of all tenants that hold, in the order of each document. */
  async allSources(): Promise<TenantSource[]> {
    const rows: { tenant: string; sources: CatalogDocument['sources'] | null }[] = await this.db.query(
      `SELECT DISTINCT ON (tenant) tenant, document->'sources' AS sources FROM catalog_versions
       ORDER BY tenant, version DESC`,
    );
    return rows.flatMap(({ tenant, sources }) =>
      Object.entries(sources ?? {}).map(([key, source]) => ({ tenant, key, source })),
    );
  }
}

function versionOf(row: CatalogVersion & { applied_at: Date }): CatalogVersion & ListedVersion {
  return { ...row, applied_at: row.applied_at.toISOString() } as CatalogVersion & ListedVersion;
}
