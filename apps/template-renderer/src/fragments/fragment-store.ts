import {
  defaultLayout,
  type FragmentHead,
  type FragmentKind,
  type FragmentSource,
  type FragmentVersion,
} from '@carillon/contracts';
import { insertRows } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { loadLayout } from '../built-in/load.ts';
import { insertVersions, isTaken, type NewVersion } from '../templates/template-store.ts';
import type { FramedTemplate } from './framed-templates.ts';
import { TenantFragments } from './tenant-fragments.ts';

/** A version of a layout or partial. */
export interface FragmentRow {
  kind: FragmentKind;
  key: string;
  version: number;
  /** Null where it was removed with this version. */
  source: FragmentSource | null;
  note: string | null;
  created_at: Date;
  created_by: string;
}

/** What changes when a layout or partial does. */
export interface FragmentStep {
  tenant: string;
  /** The version of the tenant's fragments that the step starts from. */
  from: number;
  fragment: Omit<FragmentRow, 'created_at'>;
  publish: readonly NewVersion[];
  /** Carillon's own emails in the frame that is new. */
  frame: readonly FramedTemplate[];
  /** Whether they no longer come in a frame of the tenant's. */
  unframe: boolean;
}

/** The tables `fragments` and `fragment_sets`. */
@Injectable()
export class FragmentStore {
  private readonly builtIn = loadLayout();

  constructor(private readonly dataSource: DataSource) {}

  /** A tenant's layouts and partials as they are now. */
  async of(tenant: string): Promise<TenantFragments> {
    const [found] = await this.dataSource.query(
      `SELECT coalesce((SELECT version FROM fragment_sets WHERE tenant = $1), 0) AS version,
         coalesce((
           SELECT json_object_agg(kind, fragments) FROM (
             SELECT kind, json_object_agg(key, source) AS fragments FROM (
               SELECT DISTINCT ON (kind, key) kind, key, source FROM fragments
               WHERE tenant = $1 ORDER BY kind, key, version DESC
             ) newest WHERE source IS NOT NULL GROUP BY kind
           ) kinds
         ), '{}') AS fragments`,
      [tenant],
    );
    const { version, fragments } = found as { version: number; fragments: Partial<TenantFragments['inUse']> };
    return new TenantFragments(version, { layout: {}, partial: {}, ...fragments }, this.builtIn);
  }

  /** The tenants whose default layout frames Carillon's own emails. */
  async framingTenants(): Promise<string[]> {
    const rows: { tenant: string }[] = await this.dataSource.query(
      `SELECT tenant FROM (
         SELECT DISTINCT ON (tenant) tenant, source FROM fragments
         WHERE kind = 'layout' AND key = $1 ORDER BY tenant, version DESC
       ) newest WHERE source IS NOT NULL ORDER BY tenant`,
      [defaultLayout],
    );
    return rows.map(({ tenant }) => tenant);
  }

  /** The newest version of one, or a certain one; undefined where there never was any. */
  async find(tenant: string, kind: FragmentKind, key: string, version?: number): Promise<FragmentRow | undefined> {
    const [row] = await this.dataSource.query(
      `SELECT kind, key, version, source, note, created_at, created_by FROM fragments
       WHERE tenant = $1 AND kind = $2 AND key = $3 AND ($4::int IS NULL OR version = $4)
       ORDER BY version DESC LIMIT 1`,
      [tenant, kind, key, version],
    );
    return row;
  }

  /** Those in use, by key. */
  async list(
    tenant: string,
    kind: FragmentKind,
    limit: number,
    after: string | null,
  ): Promise<{ data: FragmentHead[]; next: string | null }> {
    const rows: FragmentRow[] = await this.dataSource.query(
      `SELECT key, version, note, created_at, created_by FROM (
         SELECT DISTINCT ON (key) * FROM fragments
         WHERE tenant = $1 AND kind = $2 AND ($3::text IS NULL OR key > $3) ORDER BY key, version DESC
       ) newest WHERE source IS NOT NULL ORDER BY key LIMIT $4`,
      [tenant, kind, after, limit + 1],
    );
    const data = rows.slice(0, limit).map(headOf);
    return { data, next: rows.length > limit ? data.at(-1)!.key : null };
  }

  /** Newest first. */
  async versions(
    tenant: string,
    kind: FragmentKind,
    key: string,
    limit: number,
    after: string | null,
  ): Promise<{ data: FragmentVersion[]; next: string | null }> {
    const rows: (FragmentRow & { removed: boolean })[] = await this.dataSource.query(
      `SELECT key, version, note, created_at, created_by, source IS NULL AS removed FROM fragments
       WHERE tenant = $1 AND kind = $2 AND key = $3 AND ($4::int IS NULL OR version < $4)
       ORDER BY version DESC LIMIT $5`,
      [tenant, kind, key, after, limit + 1],
    );
    const data = rows.slice(0, limit).map((row) => ({ ...headOf(row), removed: row.removed }));
    return { data, next: rows.length > limit ? String(data.at(-1)!.version) : null };
  }

  /**
   * Takes the whole step or nothing of it.
   *
   * @returns false when another replica was first with the tenant's fragments or with one of the templates
   */
  async takeStep({ tenant, from, fragment, publish, frame, unframe }: FragmentStep): Promise<boolean> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        // Locks the tenant's row, so that steps of one tenant are taken one after the other.
        const taken: unknown[] = await manager.query(
          `INSERT INTO fragment_sets (tenant, version) VALUES ($1, $2)
           ON CONFLICT (tenant) DO UPDATE SET version = excluded.version WHERE fragment_sets.version = $3
           RETURNING tenant`,
          [tenant, from + 1, from],
        );
        if (taken.length === 0) return false;
        const { source, ...row } = fragment;
        await manager.query(
          `INSERT INTO fragments (tenant, kind, key, version, source, note, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [tenant, row.kind, row.key, row.version, source && JSON.stringify(source), row.note, row.created_by],
        );
        await insertVersions(manager, publish);
        await insertRows(manager, 'framed_templates', frame.map(withTime));
        if (unframe) {
          await manager.query(
            'UPDATE framed_templates SET withdrawn_at = now() WHERE tenant = $1 AND withdrawn_at IS NULL',
            [tenant],
          );
        }
        return true;
      });
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
  }
}

function headOf({ key, version, created_at, created_by, note }: FragmentRow): FragmentHead {
  return { key, version, created_at: created_at.toISOString(), created_by, note };
}

// json_populate_recordset writes a missing column as NULL, not as its default.
function withTime(template: FramedTemplate): object {
  return { ...template, created_at: new Date().toISOString() };
}
