import { isDeepStrictEqual } from 'node:util';
import { Problem } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { wrongTemplate } from '../../drafts/draft-problems.ts';
import { WordsCheck, type CheckedWords } from '../../drafts/words-check.ts';
import type { TemplateKey } from '../../templates/template.ts';
import { insertVersions, isTaken, TemplateStore, type NewVersion } from '../../templates/template-store.ts';
import { notStarted, otherWinner, unknownVariant } from '../experiment-problems.ts';
import { ExperimentStore, type ExperimentRow, type KeptWords } from '../experiment-store.ts';

/** Makes the words of an experiment's winner the words in use. */
@Injectable()
export class Promoting {
  constructor(
    private readonly dataSource: DataSource,
    private readonly experiments: ExperimentStore,
    private readonly templates: TemplateStore,
    private readonly words: WordsCheck,
  ) {}

  /**
   * Ends the experiment and publishes the winner's words, in all languages or in none. What says the same already gets no new
   * version.
   *
   * @param by who asks for it
   * @throws Problem 404, 409, 422 as the contract says
   */
  async promote(tenant: string, id: string, winner: string, by: string): Promise<ExperimentRow> {
    for (;;) {
      const row = await this.experiments.find(tenant, id);
      if (!row) throw Problem.notFound('experiment', id);
      const variant = row.variants.find(({ key }) => key === winner);
      if (!variant) throw unknownVariant(row, winner);
      if (row.status === 'draft') throw notStarted();
      if (row.status === 'promoted' && row.winner !== winner) throw otherWinner(row);
      if (row.status === 'promoted') return row;
      const words = await Promise.all(
        Object.entries(variant.words).map(([locale, kept]) => this.readyToPublish(row, locale, kept)),
      );
      try {
        const promoted = await this.dataSource.transaction((manager) => this.publish(manager, row, winner, words, by));
        if (promoted) return promoted;
      } catch (error) {
        // Somebody published another version at the same moment.
        if (!isTaken(error)) throw error;
      }
    }
  }

  /** Compiled as the tenant's own, in its frame as it is now. */
  private async readyToPublish(
    { tenant, type, channel }: ExperimentRow,
    locale: string,
    { source }: KeptWords,
  ): Promise<{ key: TemplateKey; words: CheckedWords }> {
    const key = { tenant, type, channel, locale };
    const words = await this.words.check(key, source).catch((error: unknown) => {
      throw wrongTemplate(error);
    });
    return { key, words };
  }

  private async publish(
    manager: EntityManager,
    { tenant, id }: ExperimentRow,
    winner: string,
    all: readonly { key: TemplateKey; words: CheckedWords }[],
    published_by: string,
  ): Promise<ExperimentRow | undefined> {
    const promoted = await this.experiments.promote(manager, tenant, id, winner);
    if (!promoted) return undefined;
    const versions: NewVersion[] = [];
    for (const { key, words } of all) {
      const own = await this.templates.newest(key, manager);
      const inUse = own && !own.withdrawn ? own : await this.templates.newest({ ...key, tenant: '' }, manager);
      if (inUse && isDeepStrictEqual(inUse.source, words.source)) continue;
      const { source, source_hash, compiled } = words;
      versions.push({ ...key, version: (own?.version ?? 0) + 1, source, source_hash, compiled, published_by });
    }
    await insertVersions(manager, versions);
    return promoted;
  }
}
