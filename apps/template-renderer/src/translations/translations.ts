import {
  checkTemplatesTimeoutMs,
  Problem,
  type exportTranslations,
  type FieldError,
  type Imported,
  type importTranslations,
  type MissingTranslation,
  type missingTranslations,
  type Translations as TranslationFile,
} from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BrandStore } from '../branding/brand-store.ts';
import { DraftStore } from '../drafts/draft-store.ts';
import { WordsCheck, WrongWords, type CheckedWords } from '../drafts/words-check.ts';
import { Publishing } from '../publishing/publishing.ts';
import { nameOf } from '../templates/template-name.ts';
import { TemplateStore, type VersionHead } from '../templates/template-store.ts';
import { exported } from './exporting.ts';
import { at, translated, type TranslatedWords } from './importing.ts';
import { missing } from './missing.ts';
import { groupsOf, type WordGroup } from './word-groups.ts';

type Owner = RequestOf<typeof exportTranslations>['owner'];

/** How long checking a file goes on, in milliseconds: a little less than whoever asked waits for the answer. */
const checkingTime = checkTemplatesTimeoutMs - 5_000;

/** Takes the words of a tenant to its translators and back. */
@Injectable()
export class Translations {
  constructor(
    private readonly db: DataSource,
    private readonly store: TemplateStore,
    private readonly drafts: DraftStore,
    private readonly words: WordsCheck,
    private readonly publishing: Publishing,
    private readonly brands: BrandStore,
  ) {}

  async export(request: RequestOf<typeof exportTranslations>): Promise<TranslationFile> {
    const { tenant, reference, locales, types, owner } = request;
    const groups = await this.groups(tenant, owner);
    const wanted = [...groups].filter(([, { type }]) => types?.includes(type) ?? true);
    return exported(new Map(wanted), reference, locales);
  }

  /** All or nothing. @throws Problem 422 `invalid_translations` with everything that is wrong */
  async import(request: RequestOf<typeof importTranslations>): Promise<Imported> {
    const { tenant, translations, publish, dry_run, replace_drafts, by, schemas } = request;
    const file = translated(tenant, translations, await this.groups(tenant));
    const errors = [...file.errors, ...unknownTypes(file.words, schemas)];
    const changed = file.words.filter(({ unchanged, key }) => !unchanged && Object.hasOwn(schemas, key.type));
    if (!publish && !replace_drafts) {
      const there = new Set((await this.drafts.keys(tenant)).map(nameOf));
      errors.push(...inTheWay(changed.filter(({ key }) => there.has(nameOf(key)))));
    }
    const { checked, warnings, wrong } = await this.check(changed, schemas);
    errors.push(...wrong);
    if (errors.length > 0) throw notValid(errors);
    if (!dry_run && checked.length > 0) {
      if (publish) await this.publishing.publishAll(tenant, checked, by);
      else await this.keepAsDrafts(tenant, checked, by, replace_drafts);
    }
    const result = publish ? 'published' : 'drafted';
    return {
      dry_run,
      templates: file.words.map(({ key, unchanged }) => ({
        key: nameOf(key),
        result: unchanged ? 'unchanged' : result,
      })),
      warnings: [...file.warnings, ...warnings],
    };
  }

  /** A page of what is not there in a wanted language, by type, channel and language. */
  async missing(request: RequestOf<typeof missingTranslations>): Promise<{
    data: MissingTranslation[];
    next: string | null;
  }> {
    const { tenant, locales, types, owner, limit, after } = request;
    const [own, system, drafts, brand] = await Promise.all([
      this.store.newestOf(tenant),
      owner === 'own' ? [] : this.store.newestOf(''),
      this.drafts.keys(tenant),
      this.brands.of(tenant),
    ]);
    const inUse = [...system, ...(owner === 'system' ? [] : own)].filter(({ withdrawn }) => !withdrawn);
    const wanted = locales ?? [brand.default_locale, ...own.map(({ locale }) => locale)];
    const heads = inUse.filter(({ type }) => types?.includes(type) ?? true).filter(belongsTo(owner, own));
    const found = missing(heads, [...new Set(wanted)], new Set(drafts.map(nameOf)));
    const from = after === null ? 0 : found.findIndex(({ key }) => key > after);
    const data = from < 0 ? [] : found.slice(from, from + limit);
    return { data, next: from >= 0 && found.length > from + limit ? data.at(-1)!.key : null };
  }

  /** @param owner `own`: what the tenant has words of its own for; `system`: Carillon's words only */
  private async groups(tenant: string, owner?: Owner): Promise<Map<string, WordGroup>> {
    const [own, system] = await Promise.all([owner === 'system' ? [] : this.store.inUse(tenant), this.store.inUse('')]);
    return groupsOf([...system, ...own].filter(belongsTo(owner, own)));
  }

  private async check(
    words: readonly TranslatedWords[],
    schemas: RequestOf<typeof importTranslations>['schemas'],
  ): Promise<{ checked: (CheckedWords & TranslatedWords)[]; warnings: FieldError[]; wrong: FieldError[] }> {
    const until = performance.now() + checkingTime;
    const checked: (CheckedWords & TranslatedWords)[] = [];
    const [warnings, wrong]: FieldError[][] = [[], []];
    for (const [index, one] of words.entries()) {
      if (performance.now() > until) {
        // What was checked is kept, so trying again gets further.
        throw Problem.unavailable(
          `Only ${index} of the ${words.length} templates could be checked in time; try again, or import fewer at a time.`,
        );
      }
      const place = ({ path, ...rest }: FieldError) => ({ path: at(one.name, path, one.key.locale), ...rest });
      try {
        const result = await this.words.check(one.key, one.source, schemas[one.key.type]!);
        checked.push({ ...one, ...result });
        warnings!.push(...result.warnings.map(place));
      } catch (error) {
        if (!(error instanceof WrongWords)) throw error;
        wrong!.push(...error.errors.map(place));
      }
    }
    return { checked, warnings: warnings!, wrong: wrong! };
  }

  private async keepAsDrafts(
    tenant: string,
    words: readonly (CheckedWords & TranslatedWords)[],
    by: string,
    replace: boolean,
  ): Promise<void> {
    const newest = new Map((await this.store.newestOf(tenant)).map((head) => [nameOf(head), head.version]));
    const drafts = words.map(({ key, source }) => ({
      key,
      source,
      based_on: newest.get(nameOf(key)) ?? 0,
      updated_by: by,
    }));
    await this.db.transaction(async (manager) => {
      const kept = new Set((await this.drafts.putAll(drafts, replace, manager)).map(nameOf));
      // Somebody began the others at this very moment.
      if (kept.size < drafts.length) throw notValid(inTheWay(words.filter(({ key }) => !kept.has(nameOf(key)))));
    });
  }
}

function inTheWay(words: readonly TranslatedWords[]): FieldError[] {
  return words.map(({ name, key }) => ({
    path: at(name),
    message: `there is a draft of ${nameOf(key)}; publish it, delete it, or import with replace_drafts`,
  }));
}

function notValid(errors: FieldError[]): Problem {
  return Problem.unprocessable('invalid_translations', 'The translations are not valid', errors);
}

function belongsTo(owner: Owner, own: readonly Pick<VersionHead, 'type' | 'channel'>[]) {
  const names = new Set(own.map(({ type, channel }) => `${type}.${channel}`));
  return ({ type, channel }: Pick<VersionHead, 'type' | 'channel'>): boolean =>
    owner !== 'own' || names.has(`${type}.${channel}`);
}

function unknownTypes(words: readonly TranslatedWords[], schemas: object): FieldError[] {
  const names = new Set(words.filter(({ key }) => !Object.hasOwn(schemas, key.type)).map(({ name }) => name));
  return [...names].map((name) => ({ path: at(name), message: 'is not a type of your catalog; create it first' }));
}
