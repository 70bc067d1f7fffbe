import { isDeepStrictEqual } from 'node:util';
import { checkTemplatesTimeoutMs, pathOf, Problem, type FieldError } from '@carillon/contracts';
import { Poison } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { SourceError } from '../compile/source-error.ts';
import { TemplateCompiler, type TenantCompiler } from '../compile/template-compiler.ts';
import type { TemplateKey } from '../templates/template.ts';
import { sourceSchemas } from '../templates/template-source.ts';
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

/** What there is to say of the words of a document. */
export interface CheckedWords {
  errors: FieldError[];
  /** What will become of words that an admin has published in the place of a document's. */
  warnings: FieldError[];
}

/**
 * The words that tenants bring with their catalogs: checks them before they are accepted, publishes them afterwards. Where an admin
 * has published others since, these stand until the document changes the words that it has there.
 */
@Injectable()
export class CatalogWords {
  constructor(
    private readonly store: TemplateStore,
    private readonly compiler: TemplateCompiler,
  ) {}

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
  ): Promise<CheckedWords> {
    const until = performance.now() + atMostMs;
    const { words, errors } = readWords(templates);
    const [heads, compiler] = await Promise.all([this.store.newestOf(tenant), this.compiler.of(tenant)]);
    const changed = whatChanged(hashed(words, compiler), heads);
    const warnings = whatAdminsShouldKnow(words, changed, heads);
    for (const [index, { path, template, locale }] of changed.entries()) {
      if (performance.now() > until) {
        if (errors.length > 0) return { errors, warnings };
        // What was checked is kept, so trying again gets further.
        throw Problem.unavailable(
          `Only ${index} of the ${changed.length} templates that changed could be checked in time; try again, or change fewer at a time.`,
        );
      }
      try {
        await compiler.compile(template, locale);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        errors.push(...error.mistakes.map(({ field, message }) => ({ path: `${path}.${field}`, message })));
      }
    }
    return { errors, warnings };
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
    for (;;) {
      const from = await this.store.catalogVersion(tenant);
      if (from >= version) return { current: from === version, published: 0, withdrawn: 0 };
      const [heads, compiler] = await Promise.all([this.store.newestOf(tenant), this.compiler.of(tenant)]);
      const changed = whatChanged(hashed(words, compiler), heads);
      const publish = await newVersions(tenant, version, changed, heads, compiler);
      const withdraw = whatIsGone(words, heads);
      if (await this.store.takeStep({ tenant, from, to: version, publish, withdraw })) {
        return { current: true, published: publish.length, withdrawn: withdraw.length };
      }
    }
  }
}

function hashed(words: readonly Words[], compiler: TenantCompiler): HashedWords[] {
  return words.map((one) => ({ ...one, hash: compiler.hashOf(one.template, one.locale) }));
}

/** @throws Poison for words that this release refuses */
async function newVersions(
  tenant: string,
  catalog_version: number,
  changed: readonly HashedWords[],
  heads: readonly VersionHead[],
  compiler: TenantCompiler,
): Promise<NewVersion[]> {
  const newest = new Map(heads.map((head) => [nameOf(head), head.version]));
  const versions: NewVersion[] = [];
  for (const { type, locale, template, path, hash } of changed) {
    const { channel, source } = template;
    const key = { tenant, type, channel, locale };
    const version = (newest.get(nameOf(key)) ?? 0) + 1;
    try {
      const compiled = await compiler.compile(template, locale);
      versions.push({ ...key, version, source, source_hash: hash, compiled, catalog_version });
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw new Poison(`catalog ${catalog_version}: ${path}.${error.message}`);
    }
  }
  return versions;
}

/** The words that are not in use yet; but where an admin's stand, only if they are not those that stood there before. */
function whatChanged(words: readonly HashedWords[], heads: readonly VersionHead[]): HashedWords[] {
  const inUse = new Map(heads.filter(({ withdrawn }) => !withdrawn).map((head) => [nameOf(head), head]));
  return words.filter((one) => {
    const head = inUse.get(nameOfWords(one));
    if (!head) return true;
    if (head.catalog_version !== null) return head.source_hash !== one.hash;
    return !head.beneath || !isSameSource(head.beneath.source, one);
  });
}

/** Whatever the release that stored it filled in, or did not. */
function isSameSource(stored: object, { template }: Words): boolean {
  const { data } = sourceSchemas[template.channel].safeParse(stored);
  return isDeepStrictEqual(data, template.source);
}

/** What the document brought and has no more. An admin's words in its place stay. */
function whatIsGone(words: readonly Words[], heads: readonly VersionHead[]): (TemplateKey & { version: number })[] {
  return brought(heads)
    .filter(notIn(words))
    .map(({ beneath, ...head }) => ({ ...head, version: beneath?.version ?? head.version }));
}

/** Those that the document is known to have words for. */
function brought(heads: readonly VersionHead[]): VersionHead[] {
  return heads.filter((head) => (head.catalog_version === null ? head.beneath !== null : !head.withdrawn));
}

function notIn(words: readonly Words[]): (head: VersionHead) => boolean {
  const names = new Set(words.map(nameOfWords));
  return (head) => !names.has(nameOf(head));
}

function whatAdminsShouldKnow(
  words: readonly Words[],
  changed: readonly Words[],
  heads: readonly VersionHead[],
): FieldError[] {
  const ofAdmins = new Map(
    heads.filter((head) => head.published_by !== null && !head.withdrawn).map((head) => [nameOf(head), head]),
  );
  const replacing = new Set(changed.map(nameOfWords));
  const present = words.flatMap((one) => {
    const head = ofAdmins.get(nameOfWords(one));
    if (!head) return [];
    const message = replacing.has(nameOf(head))
      ? `takes the place of version ${head.version}, which ${head.published_by} published; roll back to it to bring it back`
      : `is not in use: version ${head.version}, which ${head.published_by} published, stands until these words change`;
    return [{ path: one.path, message }];
  });
  const gone = brought(heads)
    .filter((head) => ofAdmins.has(nameOf(head)))
    .filter(notIn(words))
    .map(({ type, locale, channel, version, published_by }) => ({
      path: pathOf(['types', type, 'templates', locale, channel]),
      message: `is in the document no more; version ${version}, which ${published_by} published in its place, stays in use`,
    }));
  return [...present, ...gone];
}

function nameOfWords({ type, locale, template: { channel } }: Words): string {
  return nameOf({ type, channel, locale });
}

function nameOf({ type, channel, locale }: { type: string; channel: string; locale: string }): string {
  return `${type} ${channel} ${locale}`;
}

function inWords({ path, message }: FieldError): string {
  return `${path}: ${message}`;
}
