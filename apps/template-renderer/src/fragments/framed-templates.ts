import { batched, insertRows } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CompiledTemplate, PublishedTemplate, TemplateKey } from '../templates/template.ts';

/** One of Carillon's own emails in the frame of a tenant. It never changes. */
export interface FramedTemplate extends TemplateKey {
  /** Of Carillon's template. */
  version: number;
  /** The version of the tenant's fragments that it was made with. */
  frame: number;
  source_hash: string;
  compiled: CompiledTemplate;
}

/** The table `framed_templates`. */
@Injectable()
export class FramedTemplates {
  constructor(private readonly dataSource: DataSource) {}

  /** The template as it is for a tenant: one of Carillon's emails in the tenant's own frame, where it has one. */
  async framed(tenant: string, template: PublishedTemplate): Promise<PublishedTemplate> {
    if (template.tenant !== '' || template.channel !== 'email') return template;
    return (await this.find({ tenant, template })) ?? template;
  }

  /** What frames a tenant's emails now, by `type locale`: the version and the hash. */
  async inUse(tenant: string): Promise<Map<string, { version: number; source_hash: string }>> {
    const rows: FramedTemplate[] = await this.dataSource.query(
      `SELECT type, locale, version, source_hash FROM (
         SELECT DISTINCT ON (type, channel, locale) * FROM framed_templates
         WHERE tenant = $1 ORDER BY type, channel, locale, frame DESC, version DESC
       ) newest WHERE withdrawn_at IS NULL`,
      [tenant],
    );
    return new Map(
      rows.map(({ type, locale, version, source_hash }) => [`${type} ${locale}`, { version, source_hash }]),
    );
  }

  /** Adds what another replica did not add before. */
  async add(templates: readonly FramedTemplate[]): Promise<void> {
    const rows = templates.map((template) => ({ ...template, created_at: new Date().toISOString() }));
    await insertRows(this.dataSource, 'framed_templates', rows, { onConflict: 'DO NOTHING' });
  }

  private readonly find = batched(
    async (
      wanted: readonly { tenant: string; template: PublishedTemplate }[],
    ): Promise<(PublishedTemplate | null)[]> => {
      const keys = wanted.map(({ tenant, template: { type, channel, locale } }, place) => ({
        place,
        tenant,
        type,
        channel,
        locale,
      }));
      const rows: (FramedTemplate & { place: number })[] = await this.dataSource.query(
        `SELECT w.place, f.version, f.frame, f.compiled
         FROM json_to_recordset($1) AS w(place int, tenant text, type text, channel text, locale text)
         CROSS JOIN LATERAL (
           SELECT version, frame, compiled, withdrawn_at FROM framed_templates
           WHERE tenant = w.tenant AND type = w.type AND channel = w.channel AND locale = w.locale
           ORDER BY frame DESC, version DESC LIMIT 1
         ) f
         WHERE f.withdrawn_at IS NULL`,
        [JSON.stringify(keys)],
      );
      const found = new Map(rows.map((row) => [row.place, row]));
      return wanted.map(({ tenant, template }, place) => {
        const row = found.get(place);
        if (!row) return null;
        const { version, frame, compiled } = row;
        return { ...template, version, compiled, frame: { tenant, version: frame } };
      });
    },
  );
}
