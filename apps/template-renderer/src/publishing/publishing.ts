import { randomUUID } from 'node:crypto';
import {
  templatesChanged,
  type publishTemplate,
  type rollBackTemplate,
  type setTemplateActive,
  type TemplateOwner,
} from '@carillon/contracts';
import { Messages, type RequestOf } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { TemplateCompiler } from '../compile/template-compiler.ts';
import { noDraft, refuseUnseen, templateChanged, wrongTemplate } from '../drafts/draft-problems.ts';
import { DraftStore } from '../drafts/draft-store.ts';
import { WordsCheck, type CheckedWords } from '../drafts/words-check.ts';
import { Library } from '../library/library.ts';
import { Recompiler } from '../recompiling/recompiler.ts';
import { TemplateCache } from '../templates/template-cache.ts';
import { keyNamed, nameOf } from '../templates/template-name.ts';
import type { TemplateKey } from '../templates/template.ts';
import type { TemplateSource } from '../templates/template-source.ts';
import {
  insertVersions,
  isTaken,
  TemplateStore,
  type NewVersion,
  type VersionHead,
} from '../templates/template-store.ts';

/** Decides which words are sent. Versions are only ever added; whatever changes is announced to all replicas. */
@Injectable()
export class Publishing {
  constructor(
    private readonly db: DataSource,
    private readonly drafts: DraftStore,
    private readonly store: TemplateStore,
    private readonly words: WordsCheck,
    private readonly library: Library,
    private readonly compiler: TemplateCompiler,
    private readonly recompiler: Recompiler,
    private readonly templates: TemplateCache,
    private readonly messages: Messages,
  ) {}

  /** @throws Problem as the contract says @returns whether there is a new version */
  async publish({ tenant, key: name, expected = '*', by }: RequestOf<typeof publishTemplate>): Promise<boolean> {
    const key = keyNamed(tenant, name);
    const seen = await this.drafts.get(key);
    if (!seen) throw noDraft(key);
    refuseUnseen(key, seen, expected);
    const words = await this.checked(key, seen.source);
    return this.change(tenant, [{ key, ...words }], async (manager) => {
      const draft = await this.drafts.get(key, manager, true);
      if (!draft) throw noDraft(key);
      // What was compiled is what is published.
      refuseUnseen(key, draft, seen.revision);
      const newest = await this.store.newest(key, manager);
      if (newest && newest.written > draft.based_on) throw templateChanged(key, newest.version, draft.based_on);
      const published = await this.add(key, words, { published_by: by }, manager);
      await this.drafts.delete(key, manager);
      return published;
    });
  }

  /** @throws Problem as the contract says @returns whether there is a new version */
  async rollBack({ tenant, key: name, version, by }: RequestOf<typeof rollBackTemplate>): Promise<boolean> {
    const key = keyNamed(tenant, name);
    const { source } = await this.library.version({ tenant, key: name, owner: 'own', version });
    const words = await this.checked(key, source);
    return this.change(tenant, [{ key, ...words }], (manager) =>
      this.add(key, words, { published_by: by, restored_from: version }, manager),
    );
  }

  /** Publishes all of these words, or none of them; those that are in use already make no version. */
  async publishAll(tenant: string, all: readonly KeyedWords[], published_by: string): Promise<void> {
    await this.change(tenant, all, async (manager) => {
      const heads = new Map((await this.store.newestOf(tenant)).map((head) => [nameOf(head), head]));
      const versions = all.flatMap(({ key, ...words }): NewVersion[] => {
        const newest = heads.get(nameOf(key));
        return isInUse(words, newest) ? [] : [nextVersion(key, words, newest, { published_by })];
      });
      await insertVersions(manager, versions);
      return versions.length > 0;
    });
  }

  /** @throws Problem 404 where nothing was ever published @returns whose template it is */
  async setActive(request: RequestOf<typeof setTemplateActive>): Promise<TemplateOwner> {
    const { tenant, active, by } = request;
    const { tenant: owner, ...key } = await this.library.published(request);
    await this.change(tenant, [], async (manager) => {
      await (active
        ? manager.query(
            `DELETE FROM inactive_templates
             WHERE (tenant, owner, type, channel, locale) = ($1, $2, $3, $4, $5)`,
            [tenant, owner, key.type, key.channel, key.locale],
          )
        : manager.query(
            `INSERT INTO inactive_templates (tenant, owner, type, channel, locale, switched_off_by)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
            [tenant, owner, key.type, key.channel, key.locale, by],
          ));
      return true;
    });
    return owner === tenant ? 'own' : 'system';
  }

  /** Words that were fine when they were kept may not be any more: a partial may be gone. */
  private checked(key: TemplateKey, source: object): Promise<CheckedWords> {
    return this.words.check(key, source).catch((error: unknown) => {
      throw wrongTemplate(error);
    });
  }

  /** @returns false where the newest version, which is in use, says the same */
  private async add(key: TemplateKey, words: CheckedWords, origin: Origin, manager: EntityManager): Promise<boolean> {
    const newest = await this.store.newest(key, manager);
    if (isInUse(words, newest)) return false;
    await insertVersions(manager, [nextVersion(key, words, newest, origin)]);
    return true;
  }

  private async change(
    tenant: string,
    published: readonly KeyedWords[],
    change: (manager: EntityManager) => Promise<boolean>,
  ): Promise<boolean> {
    const changed = await this.transaction(change);
    if (await this.isOutdated(tenant, published)) await this.recompiler.refresh(tenant);
    // Announced even when nothing changed: whoever did it before may have been killed before saying so.
    this.templates.forget(tenant);
    await this.messages.publish(templatesChanged, {}, { tenant, id: randomUUID() });
    return changed;
  }

  /** Again when somebody else publishes the same template at this very moment: what then stands there is looked at anew. */
  private async transaction<T>(change: (manager: EntityManager) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.db.transaction(change);
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
  }

  /** Whether a layout or partial changed while these words were compiled and published. */
  private async isOutdated(tenant: string, published: readonly KeyedWords[]): Promise<boolean> {
    if (published.length === 0) return false;
    const compiler = await this.compiler.of(tenant);
    return published.some(
      ({ key, source, source_hash }) =>
        compiler.hashOf({ channel: key.channel, source } as TemplateSource, key.locale) !== source_hash,
    );
  }
}

type KeyedWords = CheckedWords & { key: TemplateKey };

/** Who publishes a version, and why. */
type Origin = Pick<NewVersion, 'published_by' | 'restored_from'>;
type Newest = Pick<VersionHead, 'version' | 'withdrawn' | 'source_hash'>;

function isInUse({ source_hash }: CheckedWords, newest: Newest | null | undefined): boolean {
  return !!newest && !newest.withdrawn && newest.source_hash === source_hash;
}

function nextVersion(
  key: TemplateKey,
  { source, source_hash, compiled }: CheckedWords,
  newest: Newest | null | undefined,
  origin: Origin,
): NewVersion {
  return { ...key, version: (newest?.version ?? 0) + 1, source, source_hash, compiled, ...origin };
}
