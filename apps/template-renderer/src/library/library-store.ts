import type { TemplateDetail, TemplateFilter, TemplateOwner, TemplateVersionDetail } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TemplateKey } from '../templates/template.ts';

/** A template as the tables have it: its newest version and the draft of it, where there are any. */
export interface TemplateRow extends TemplateKey {
  version: VersionRow | null;
  withdrawn: boolean;
  inactive: boolean;
  draft: (Omit<NonNullable<TemplateDetail['draft']>, 'source'> & { source?: object }) | null;
  /** The latest version that a catalog document brought and still has. */
  document: number | null;
}

export type VersionRow = Omit<TemplateVersionDetail, 'source' | 'required' | 'optional'> & {
  source?: Record<string, unknown>;
  required?: string[];
  optional?: string[];
};

/** A place in the list, which is sorted by type, channel, language and owner. */
export type Place = readonly [type: string, channel: string, locale: string, owner: string];

const origin = `CASE WHEN t.tenant = '' THEN 'system' WHEN t.catalog_version IS NULL THEN 'admin' ELSE 'catalog' END`;

/** Times as JSON has them everywhere: `2026-11-21T09:30:00.000Z`. */
const iso = (time: string) => `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const version = (inUse: string, detailed: boolean) => `jsonb_build_object(
  'version', t.version, 'in_use', ${inUse}, 'origin', ${origin}, 'published_at', ${iso('t.published_at')},
  'published_by', t.published_by, 'restored_from', t.restored_from, 'recompiled_from', t.recompiled_from,
  'catalog_version', t.catalog_version
  ${detailed ? `, 'source', t.source, 'required', t.compiled->'required', 'optional', t.compiled->'optional'` : ''})`;

const isInactive = `EXISTS (
  SELECT FROM inactive_templates i
  WHERE (i.tenant, i.owner, i.type, i.channel, i.locale) = ($1, t.tenant, t.type, t.channel, t.locale))`;

const ofFilter =
  '($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR channel = $3) AND ($4::text IS NULL OR locale = $4)';

/** The version of the document, as {@link TemplateStore.newestOf} finds what is beneath an admin's words. */
const document = `(
  SELECT CASE WHEN b.withdrawn_at IS NULL THEN b.version END FROM templates b
  WHERE (b.tenant, b.type, b.channel, b.locale) = (t.tenant, t.type, t.channel, t.locale) AND b.catalog_version IS NOT NULL
  ORDER BY b.version DESC LIMIT 1)`;

const draft = (detailed: boolean) => `jsonb_build_object(
  'revision', d.revision, 'based_on', d.based_on, 'updated_at', ${iso('d.updated_at')}, 'updated_by', d.updated_by
  ${detailed ? `, 'source', d.source` : ''})`;

/** Reads what a tenant has of templates: its own and Carillon's, with versions and drafts. */
@Injectable()
export class LibraryStore {
  constructor(private readonly db: DataSource) {}

  /** @param after exclusive */
  list(tenant: string, filter: TemplateFilter, limit: number, after: Place | null): Promise<TemplateRow[]> {
    const { type, channel, locale, owner, status } = filter;
    return this.db.query(
      `SELECT * FROM (${rows(ofFilter, false)}) found
       WHERE ($5::text IS NULL OR tenant = $5)
         AND CASE $6::text
           WHEN 'draft' THEN draft IS NOT NULL
           WHEN 'withdrawn' THEN withdrawn
           WHEN 'inactive' THEN inactive AND NOT withdrawn
           WHEN 'active' THEN version IS NOT NULL AND NOT inactive AND NOT withdrawn
           ELSE true END
         AND ($7::text IS NULL OR (type, channel, locale, tenant) > ($7, $8, $9, $10))
       ORDER BY type, channel, locale, tenant
       LIMIT $11`,
      [
        tenant,
        type ?? null,
        channel ?? null,
        locale ?? null,
        owner ? ownerOf(tenant, owner) : null,
        status ?? null,
        ...(after ?? [null, null, null, null]),
        limit,
      ],
    );
  }

  /** The tenant's own and Carillon's template of this name, those that there are; the tenant's own comes first. */
  get({ tenant, type, channel, locale }: TemplateKey): Promise<TemplateRow[]> {
    return this.db.query(
      `SELECT * FROM (${rows('(type, channel, locale) = ($2, $3, $4)', true)}) found ORDER BY tenant = ''`,
      [tenant, type, channel, locale],
    );
  }

  /**
   * Newest first.
   *
   * @param key whose template it is is its tenant
   * @param tenant who asks
   * @param before the version after which to go on (exclusive)
   */
  async versions(key: TemplateKey, tenant: string, limit: number, before: number | null): Promise<VersionRow[]> {
    return this.versionRows(
      key,
      tenant,
      'AND ($6::int IS NULL OR t.version < $6) ORDER BY t.version DESC LIMIT $7',
      false,
      [before, limit],
    );
  }

  /** One version with its words; null where there is none. */
  async version(key: TemplateKey, tenant: string, number: number): Promise<TemplateVersionDetail | null> {
    const [found] = await this.versionRows(key, tenant, 'AND t.version = $6', true, [number]);
    return (found as TemplateVersionDetail | undefined) ?? null;
  }

  private async versionRows(
    { tenant: owner, type, channel, locale }: TemplateKey,
    tenant: string,
    where: string,
    detailed: boolean,
    parameters: unknown[],
  ): Promise<VersionRow[]> {
    const inUse = `t.withdrawn_at IS NULL AND NOT ${isInactive} AND t.version = (
      SELECT max(version) FROM templates WHERE (tenant, type, channel, locale) = ($2, $3, $4, $5))`;
    const found: { version: VersionRow }[] = await this.db.query(
      `SELECT ${version(inUse, detailed)} AS version FROM templates t
       WHERE (t.tenant, t.type, t.channel, t.locale) = ($2, $3, $4, $5) ${where}`,
      [tenant, owner, type, channel, locale, ...parameters],
    );
    return found.map(({ version }) => version);
  }
}

/** `''`, the owner of Carillon's templates, or the tenant. */
export function ownerOf(tenant: string, owner: TemplateOwner): string {
  return owner === 'own' ? tenant : '';
}

/** Whatever is published or drafted, one row a template; $1 is the tenant. @param which of them, by columns that both tables have */
function rows(which: string, detailed: boolean): string {
  return `
    SELECT coalesce(t.tenant, d.tenant) AS tenant, coalesce(t.type, d.type) AS type,
      coalesce(t.channel, d.channel) AS channel, coalesce(t.locale, d.locale) AS locale,
      t.inactive IS TRUE AS inactive, t.withdrawn_at IS NOT NULL AS withdrawn,
      CASE WHEN t.version IS NOT NULL
        THEN ${version('t.withdrawn_at IS NULL AND NOT t.inactive', detailed)} END AS version,
      CASE WHEN d.revision IS NOT NULL THEN ${draft(detailed)} END AS draft,
      ${detailed ? document : 'NULL'} AS document
    FROM (
      SELECT *, ${isInactive} AS inactive FROM (
        SELECT DISTINCT ON (tenant, type, channel, locale) * FROM templates
        WHERE tenant IN ($1, '') AND ${which} ORDER BY tenant, type, channel, locale, version DESC
      ) t
    ) t
    FULL JOIN (SELECT * FROM template_drafts WHERE tenant = $1 AND ${which}) d
      ON (t.tenant, t.type, t.channel, t.locale) = (d.tenant, d.type, d.channel, d.locale)`;
}
