import type { RequiredField, WordsRef } from '@carillon/contracts';
import { batched } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BuiltInTemplates } from '../built-in/built-in-templates.ts';
import { WordsInUse } from '../catalog/words-in-use.ts';
import { recipientName } from '../engine/writes-name.ts';
import { ExperimentsInUse } from '../experiments/assignment/experiments-in-use.ts';
import { withNeedsOfVariants } from '../experiments/assignment/running-experiment.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { TemplateCache } from '../templates/template-cache.ts';
import { genericType } from '../templates/template.ts';
import { templatedChannels } from '../templates/template-source.ts';

/** What the generic words are given whatever the data: see `genericScope`. */
const givenToGeneric = ['title', 'html', 'image', 'actions'];

/** Which data the words of a type cannot do without. */
@Injectable()
export class RequiredData {
  constructor(
    private readonly db: DataSource,
    private readonly templates: TemplateCache,
    private readonly builtIns: BuiltInTemplates,
    private readonly words: WordsInUse,
    private readonly experiments: ExperimentsInUse,
  ) {}

  /**
   * Of every template that could serve somebody, in any language: whether an event is accepted must not depend on the languages of
   * those who happen to get it.
   */
  async of(tenant: string, { template: type, catalog_version }: WordsRef): Promise<RequiredField[]> {
    await Promise.all([this.builtIns.published(), this.words.since(tenant, catalog_version)]);
    const locales = await this.localesOf({ tenant, type });
    const found = await Promise.all(
      templatedChannels.flatMap((channel) =>
        locales.map((locale) => this.templates.find(tenant, type, channel, locale)),
      ),
    );
    const serving = new Map(found.flatMap((template) => (template ? [[nameOf(template), template]] : [])));
    const running = await this.experiments.of(tenant);
    return [...serving.values()].flatMap((template) => fieldsOf(withNeedsOfVariants(template, running)));
  }

  /** The languages that there are words in; to whoever has another one, one of these is shown. */
  private readonly localesOf = batched(async (types: readonly { tenant: string; type: string }[]) => {
    const rows: { tenant: string; type: string; locales: string[] }[] = await this.db.query(
      `SELECT w.tenant, w.type, array_agg(DISTINCT t.locale) AS locales
       FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS w(tenant, type)
       JOIN templates t ON t.tenant IN (w.tenant, '') AND t.type IN (w.type, $3)
       GROUP BY w.tenant, w.type`,
      [types.map(({ tenant }) => tenant), types.map(({ type }) => type), genericType],
    );
    const found = new Map(rows.map(({ tenant, type, locales }) => [`${tenant}\n${type}`, locales]));
    return types.map(({ tenant, type }) => [...new Set(['en', ...(found.get(`${tenant}\n${type}`) ?? [])])]);
  });
}

function fieldsOf({ type, channel, locale, version, required, writesName }: ParsedTemplate): RequiredField[] {
  const brought = type === genericType ? required.filter((field) => !givenToGeneric.includes(rootOf(field))) : required;
  return [...brought, ...(writesName ? [recipientName] : [])].map((field) => ({
    field,
    channel,
    template: { key: type, version, locale },
  }));
}

function rootOf(field: string): string {
  return field.split(/[.[]/, 1)[0]!;
}

function nameOf({ tenant, type, channel, locale }: ParsedTemplate): string {
  return `${tenant} ${type} ${channel} ${locale}`;
}
