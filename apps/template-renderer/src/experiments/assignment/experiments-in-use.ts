import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { TemplateError } from '../../engine/index.ts';
import { parseTemplate, type ParsedTemplate } from '../../templates/parsed-template.ts';
import { TemplateCache } from '../../templates/template-cache.ts';
import { ExperimentStore, type ExperimentRow, type KeptVariant } from '../experiment-store.ts';
import { templateOf, type RunningExperiment, type RunningExperiments } from './running-experiment.ts';

/** How long a start or an end may go unnoticed by a replica that did not hear of it, in milliseconds. */
const lifetime = 30_000;

/**
 * The running experiments of tenants, from memory: a tenant without any costs a look into a map. Forgotten when something
 * changes, and after 30 seconds in any case.
 */
@Injectable()
export class ExperimentsInUse {
  private readonly logger = new Logger(ExperimentsInUse.name);
  private readonly known = new LRUCache<string, Promise<RunningExperiments>>({ max: 10_000, ttl: lifetime });
  /** Words of variants' own, which never change. */
  private readonly parsed = new LRUCache<string, ParsedTemplate>({ max: 1_000 });

  constructor(
    private readonly store: ExperimentStore,
    private readonly templates: TemplateCache,
  ) {}

  /** By the template that each is about. */
  of(tenant: string): Promise<RunningExperiments> {
    let experiments = this.known.get(tenant);
    if (!experiments) {
      experiments = this.load(tenant);
      this.known.set(tenant, experiments);
      // A database that was away must be asked again.
      experiments.catch(() => this.known.delete(tenant));
    }
    return experiments;
  }

  /** After an experiment of the tenant began or ended. */
  forget(tenant: string): void {
    this.known.delete(tenant);
  }

  /** After changes may have gone unheard. */
  forgetAll(): void {
    this.known.clear();
  }

  /** What a variant says in a language; null where this release cannot read it. */
  async wordsOf(row: ExperimentRow, variant: KeptVariant, locale: string): Promise<ParsedTemplate | null> {
    const { tenant, id, type, channel } = row;
    const { owner, version, compiled } = variant.words[locale]!;
    const key = { tenant: owner === 'system' ? '' : tenant, type, channel, locale };
    try {
      if (!compiled) return await this.templates.version(key, version);
      const name = JSON.stringify([id, variant.key, locale]);
      const template = this.parsed.get(name) ?? parseTemplate({ ...key, version, compiled });
      this.parsed.set(name, template);
      return template;
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.logger.error({ msg: 'a variant cannot be used', tenant, experiment: id, variant: variant.key, locale });
      return null;
    }
  }

  private async load(tenant: string): Promise<RunningExperiments> {
    const rows = await this.store.running(tenant);
    return new Map(await Promise.all(rows.map(async (row) => [templateOf(row), await this.ready(row)] as const)));
  }

  /** In a language in which one variant cannot be used nobody takes part. */
  private async ready(row: ExperimentRow): Promise<RunningExperiment> {
    const words = new Map<string, ParsedTemplate[]>();
    for (const locale of Object.keys(row.variants[0]!.words)) {
      const ofLocale = await Promise.all(row.variants.map((variant) => this.wordsOf(row, variant, locale)));
      if (ofLocale.every((template) => template !== null)) words.set(locale, ofLocale);
    }
    const { id, variants } = row;
    return { id, variants: variants.map(({ key }) => key), weights: variants.map(({ weight }) => weight), words };
  }
}
