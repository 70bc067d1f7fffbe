import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { TemplateError } from '../../engine/index.ts';
import { parseTemplate, type ParsedTemplate } from '../../templates/parsed-template.ts';
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
  /** Words of variants, which never change. */
  private readonly parsed = new LRUCache<string, ParsedTemplate>({ max: 1_000 });

  constructor(private readonly store: ExperimentStore) {}

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

  private async load(tenant: string): Promise<RunningExperiments> {
    const rows = await this.store.running(tenant);
    return new Map(rows.map((row) => [templateOf(row), this.ready(row)]));
  }

  /** In a language in which this release cannot read one of the variants nobody takes part. */
  private ready(row: ExperimentRow): RunningExperiment {
    const { id, variants } = row;
    const words = new Map<string, ParsedTemplate[]>();
    for (const locale of Object.keys(variants[0]!.words)) {
      try {
        words.set(
          locale,
          variants.map((variant) => this.wordsOf(row, variant, locale)),
        );
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        this.logger.error({ msg: 'an experiment cannot go on', tenant: row.tenant, experiment: id, locale });
      }
    }
    return { id, variants: variants.map(({ key }) => key), weights: variants.map(({ weight }) => weight), words };
  }

  private wordsOf(row: ExperimentRow, variant: KeptVariant, locale: string): ParsedTemplate {
    const { tenant, id, type, channel } = row;
    const name = JSON.stringify([id, variant.key, locale]);
    let template = this.parsed.get(name);
    if (!template) {
      const { version, compiled } = variant.words[locale]!;
      this.parsed.set(name, (template = parseTemplate({ tenant, type, channel, locale, version, compiled })));
    }
    return template;
  }
}
