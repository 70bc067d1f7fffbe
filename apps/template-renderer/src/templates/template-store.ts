import { batched, insertRows } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CompiledTemplate, PublishedTemplate, TemplateKey } from './template.ts';

/** The newest version of one template, without its content. */
export interface VersionHead extends TemplateKey {
  version: number;
  source_hash: string;
}

/** A version about to be published. */
export interface NewVersion extends VersionHead {
  source: object;
  compiled: CompiledTemplate;
}

/** The table `templates`. */
@Injectable()
export class TemplateStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The newest version of the first of these templates that exists. Calls of handlers that run side by side share one
   * statement.
   *
   * @param candidates best first
   */
  readonly findFirst: (candidates: readonly TemplateKey[]) => Promise<PublishedTemplate | null> = batched(
    async (lookups: readonly (readonly TemplateKey[])[]) => {
      const wanted = lookups.flatMap((keys, lookup) => keys.map((key, rank) => ({ ...key, lookup, rank })));
      const rows: (PublishedTemplate & { lookup: number })[] = await this.dataSource.query(
        `SELECT DISTINCT ON (w.lookup) w.lookup, tenant, type, channel, locale, t.version, t.compiled
         FROM json_to_recordset($1) AS w(lookup int, rank int, tenant text, type text, channel text, locale text)
         JOIN templates t USING (tenant, type, channel, locale)
         ORDER BY w.lookup, w.rank, t.version DESC`,
        [JSON.stringify(wanted)],
      );
      const found = new Map(rows.map(({ lookup, ...template }) => [lookup, template]));
      return lookups.map((_, lookup) => found.get(lookup) ?? null);
    },
  );

  /** The newest versions of all of one tenant's templates. */
  newestOf(tenant: string): Promise<VersionHead[]> {
    return this.dataSource.query(
      `SELECT DISTINCT ON (type, channel, locale) tenant, type, channel, locale, version, source_hash
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
}

// json_populate_recordset writes a missing column as NULL, not as its default.
function withPublishingTime(version: NewVersion): object {
  return { ...version, published_at: new Date().toISOString() };
}
