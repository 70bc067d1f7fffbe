import type { Brand, BrandAnswer, BrandSettings } from '@carillon/contracts';
import { batched } from '@carillon/persistence';
import { CONFIG } from '@carillon/service';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { Config } from '../config.ts';
import { brandOf, defaultBrand, templateBrandOf, type TemplateBrand } from './brand.ts';

/** How long a change may go unnoticed by a replica that did not hear of it, in milliseconds. */
const lifetime = 30_000;

interface BrandRow {
  tenant: string;
  settings: BrandSettings;
  updated_at: Date;
  updated_by: string;
}

/** The table `brands`, and what was read of it a moment ago. */
@Injectable()
export class BrandStore {
  private readonly defaults: Brand;
  private readonly known = new LRUCache<string, Promise<TemplateBrand>>({ max: 10_000, ttl: lifetime });

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) config: Config,
  ) {
    this.defaults = defaultBrand(config);
  }

  /** Whose messages a tenant's are; from memory, where it was asked for already. */
  of(tenant: string): Promise<TemplateBrand> {
    let brand = this.known.get(tenant);
    if (!brand) {
      brand = this.read(tenant).then((row) => templateBrandOf(brandOf(row?.settings ?? {}, this.defaults)));
      this.known.set(tenant, brand);
      // A database that was away must be asked again.
      brand.catch(() => this.known.delete(tenant));
    }
    return brand;
  }

  /** What the tenant said, and what is in force; from the database. */
  async describe(tenant: string): Promise<BrandAnswer> {
    return this.answer(await this.read(tenant));
  }

  /** @param merge whether what is left out stays as it is */
  async save(tenant: string, settings: BrandSettings, by: string, merge: boolean): Promise<BrandAnswer> {
    // Null says "the default", in a part of the colours too, and for all of them: it is no object that others could be added to.
    const colors = `CASE jsonb_typeof(brands.settings->'colors') WHEN 'object' THEN brands.settings->'colors' ELSE '{}' END`;
    const kept = merge
      ? `brands.settings || excluded.settings ||
         CASE WHEN jsonb_typeof(excluded.settings->'colors') = 'object'
           THEN jsonb_build_object('colors', ${colors} || (excluded.settings->'colors'))
           ELSE '{}' END`
      : 'excluded.settings';
    const [row] = (await this.dataSource.query(
      `WITH saved AS (
         INSERT INTO brands (tenant, settings, updated_by) VALUES ($1, $2, $3)
         ON CONFLICT (tenant) DO UPDATE
           SET settings = ${kept}, updated_at = now(), updated_by = excluded.updated_by
         RETURNING *
       ) SELECT tenant, jsonb_strip_nulls(settings) AS settings, updated_at, updated_by FROM saved`,
      [tenant, JSON.stringify(settings), by],
    )) as [BrandRow];
    this.forget(tenant);
    return this.answer(row);
  }

  /** After the tenant's brand changed. */
  forget(tenant: string): void {
    this.known.delete(tenant);
  }

  /** After changes may have gone unheard. */
  forgetAll(): void {
    this.known.clear();
  }

  private readonly read: (tenant: string) => Promise<BrandRow | undefined> = batched(
    async (tenants: readonly string[]) => {
      const rows: BrandRow[] = await this.dataSource.query(
        `SELECT tenant, jsonb_strip_nulls(settings) AS settings, updated_at, updated_by FROM brands
         WHERE tenant = ANY($1)`,
        [tenants],
      );
      const found = new Map(rows.map((row) => [row.tenant, row]));
      // DataLoader takes no undefined for an error, and a tenant without a row is none.
      return tenants.map((tenant) => found.get(tenant) as BrandRow);
    },
  );

  private answer(row: BrandRow | undefined): BrandAnswer {
    return {
      brand: brandOf(row?.settings ?? {}, this.defaults),
      settings: row?.settings ?? {},
      updated_at: row?.updated_at.toISOString() ?? null,
      updated_by: row?.updated_by ?? null,
    };
  }
}
