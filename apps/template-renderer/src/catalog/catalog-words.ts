import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkTemplatesTimeoutMs, Problem, type FieldError } from '@carillon/contracts';
import { Poison } from '@carillon/messaging';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { emailLayouts } from '../built-in/load.ts';
import { compileTemplate, hashOf } from '../compile/compile.ts';
import { SourceError } from '../compile/source-error.ts';
import type { CompiledTemplate } from '../templates/template.ts';
import { TemplateStore, type NewVersion, type VersionHead } from '../templates/template-store.ts';
import { readWords, type Words } from './read-words.ts';

/** How long one check goes on, in milliseconds: a little less than whoever asked waits for the answer. */
const checkingTime = checkTemplatesTimeoutMs - 5_000;

/** What came of a catalog that was applied. */
export interface AppliedWords {
  /** Whether these are now the tenant's words; false when a newer catalog was there already. */
  current: boolean;
  published: number;
  withdrawn: number;
}

interface HashedWords extends Words {
  hash: string;
}

/** The words that tenants bring with their catalogs: checks them before they are accepted, publishes them afterwards. */
@Injectable()
export class CatalogWords {
  private readonly logger = new Logger(CatalogWords.name);
  private readonly layoutFor = emailLayouts();
  /** By hash. What was checked a moment ago is applied next. In characters: some two thousand emails. */
  private readonly compiled = new LRUCache<string, CompiledTemplate>({
    maxSize: 32 * 1024 * 1024,
    sizeCalculation: ({ parts }) => Object.values(parts).reduce((sum, part) => sum + part.length, 500),
  });

  constructor(private readonly store: TemplateStore) {}

  /**
   * Everything that is wrong with the words of a document. What the tenant has already is known to be right and is not
   * compiled again.
   *
   * @param templates by type, language and channel
   * @param atMostMs how long it may take
   * @throws Problem 503 when that is not enough for all of them and nothing was wrong so far
   */
  async check(
    tenant: string,
    templates: Readonly<Record<string, unknown>>,
    atMostMs = checkingTime,
  ): Promise<FieldError[]> {
    const until = performance.now() + atMostMs;
    const { words, errors } = readWords(templates);
    const changed = whatChanged(this.hashed(words), await this.store.newestOf(tenant));
    for (const [index, { path, ...one }] of changed.entries()) {
      if (performance.now() > until) {
        if (errors.length > 0) return errors;
        // What was checked is kept, so trying again gets further.
        throw Problem.unavailable(
          `Only ${index} of the ${changed.length} templates that changed could be checked in time; try again, or change fewer at a time.`,
        );
      }
      try {
        await this.compile(one);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        errors.push(...error.mistakes.map(({ field, message }) => ({ path: `${path}.${field}`, message })));
      }
    }
    return errors;
  }

  /**
   * Makes the words of a catalog the tenant's own: what changed becomes the next version, what the catalog no longer has is
   * withdrawn. All or nothing, by any number of replicas, in any order and any number of times: the newest catalog wins.
   *
   * @throws Poison for words that this release refuses; those in use stay
   */
  async apply(tenant: string, version: number, templates: Readonly<Record<string, unknown>>): Promise<AppliedWords> {
    const { words, errors } = readWords(templates);
    if (errors.length > 0) throw new Poison(`catalog ${version}: ${errors.map(inWords).join('; ')}`);
    const hashed = this.hashed(words);
    for (;;) {
      const from = await this.store.catalogVersion(tenant);
      if (from >= version) return { current: from === version, published: 0, withdrawn: 0 };
      const heads = await this.store.newestOf(tenant);
      const publish = await this.newVersions(tenant, version, whatChanged(hashed, heads), heads, (refused) => {
        throw new Poison(`catalog ${version}: ${refused}`);
      });
      const withdraw = whatIsGone(words, heads);
      if (await this.store.takeStep({ tenant, from, to: version, publish, withdraw })) {
        return { current: true, published: publish.length, withdrawn: withdraw.length };
      }
    }
  }

  /**
   * Compiles anew what another release compiled differently, such as after the frame of emails changed, and publishes it as the
   * next version. To be called when the service starts; by any number of replicas at once. What this release refuses stays as
   * it is.
   *
   * @returns the tenants whose templates changed by this call
   */
  async refresh(): Promise<string[]> {
    const refreshed: string[] = [];
    for (const tenant of await this.store.catalogTenants()) {
      if (await this.refreshTenant(tenant)) refreshed.push(tenant);
    }
    return refreshed;
  }

  private async refreshTenant(tenant: string): Promise<boolean> {
    for (;;) {
      const version = await this.store.catalogVersion(tenant);
      const { words } = readWords(await this.store.sourcesInUse(tenant));
      const heads = await this.store.newestOf(tenant);
      const changed = whatChanged(this.hashed(words), heads);
      const publish = await this.newVersions(tenant, version, changed, heads, (refused) =>
        this.logger.warn({ msg: 'words cannot be compiled anew and stay as they are', tenant, refused }),
      );
      if (publish.length === 0) return false;
      if (await this.store.takeStep({ tenant, from: version, to: version, publish, withdraw: [] })) return true;
    }
  }

  private hashed(words: readonly Words[]): HashedWords[] {
    return words.map((one) => ({ ...one, hash: hashOf(one.template, one.locale, this.layoutFor(one.locale)) }));
  }

  private async newVersions(
    tenant: string,
    catalog_version: number,
    changed: readonly HashedWords[],
    heads: readonly VersionHead[],
    onRefused: (refused: string) => void,
  ): Promise<NewVersion[]> {
    const newest = new Map(heads.map((head) => [nameOf(head), head.version]));
    const versions: NewVersion[] = [];
    for (const one of changed) {
      const { type, locale, template, path, hash } = one;
      const { channel, source } = template;
      const key = { tenant, type, channel, locale };
      const version = (newest.get(nameOf(key)) ?? 0) + 1;
      try {
        const compiled = await this.compile(one);
        versions.push({ ...key, version, source, source_hash: hash, compiled, catalog_version });
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        onRefused(`${path}.${error.message}`);
      }
    }
    return versions;
  }

  /** Notifications are rendered by the same thread: between two compilations they get their turn. */
  private async compile({ hash, template, locale }: Omit<HashedWords, 'path'>): Promise<CompiledTemplate> {
    let compiled = this.compiled.get(hash);
    if (!compiled) {
      await nextTurn();
      compiled = await compileTemplate(template, locale, this.layoutFor(locale));
      this.compiled.set(hash, compiled);
    }
    return compiled;
  }
}

function whatChanged(words: readonly HashedWords[], heads: readonly VersionHead[]): HashedWords[] {
  const inUse = new Map(heads.filter(({ withdrawn }) => !withdrawn).map((head) => [nameOf(head), head.source_hash]));
  return words.filter(({ type, locale, template, hash }) => inUse.get(nameOf({ type, locale, ...template })) !== hash);
}

function whatIsGone(words: readonly Words[], heads: readonly VersionHead[]): VersionHead[] {
  const brought = new Set(words.map(({ type, locale, template }) => nameOf({ type, locale, ...template })));
  return heads.filter((head) => head.catalog_version !== null && !head.withdrawn && !brought.has(nameOf(head)));
}

function nameOf({ type, channel, locale }: { type: string; channel: string; locale: string }): string {
  return `${type} ${channel} ${locale}`;
}

function inWords({ path, message }: FieldError): string {
  return `${path}: ${message}`;
}
