import {
  freshId,
  pathOf,
  Problem,
  type ExperimentInput,
  type FieldError,
  type VariantInput,
} from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BrandStore } from '../../branding/brand-store.ts';
import { WordsCheck, WrongWords } from '../../drafts/words-check.ts';
import { canonicalLocale } from '../../engine/index.ts';
import type { TemplatedChannel } from '../../templates/template-source.ts';
import type { KeptVariant, KeptWords, NewExperiment } from '../experiment-store.ts';
import { coveredLanguages, type InUse } from './covered-languages.ts';

/** What an experiment is drafted from. */
interface Ground {
  tenant: string;
  type: string;
  channel: TemplatedChannel;
  /** The languages that it is about, with what is in use. */
  languages: ReadonlyMap<string, InUse>;
}

/** Notes something that is wrong, by its place in the variant. */
type Refuse = (path: readonly string[], mistake: Omit<FieldError, 'path'>) => void;

/**
 * Makes an experiment of what was asked for: settles what each variant says in each language, once and for all, and compiles the
 * words that it brings.
 */
@Injectable()
export class Drafting {
  constructor(
    private readonly dataSource: DataSource,
    private readonly brands: BrandStore,
    private readonly words: WordsCheck,
  ) {}

  /** @throws Problem 422 `invalid_experiment` naming everything that is wrong */
  async draft(tenant: string, input: ExperimentInput, created_by: string): Promise<NewExperiment> {
    const { name, type, channel, goal } = input;
    const languages = await this.languages(tenant, type, channel);
    const locale = input.locale === undefined ? null : (canonicalLocale(input.locale) ?? input.locale);
    if (languages.size === 0) {
      throw invalid([{ path: 'type', message: `"${type}" has no words in use by ${channel}; publish some first` }]);
    }
    const inUse = locale === null ? undefined : languages.get(locale);
    if (locale !== null && !inUse) {
      const message = `"${locale}" has no words in use; "${type}" has them in ${[...languages.keys()].join(', ')}`;
      throw invalid([{ path: 'locale', message }]);
    }
    const covered = inUse ? new Map([[inUse.locale, inUse]]) : languages;
    const ground = { tenant, type, channel, languages: covered };
    const errors: FieldError[] = [];
    const variants: KeptVariant[] = [];
    for (const [index, variant] of input.variants.entries()) {
      const words = await this.wordsOf(ground, variant, (path, mistake) =>
        errors.push({ path: pathOf(['variants', index, ...path]), ...mistake }),
      );
      variants.push({ key: variant.key, weight: variant.weight, words });
    }
    if (errors.length > 0) throw invalid(errors);
    return { tenant, id: freshId(), name, type, channel, locale, goal, variants, created_by };
  }

  private async wordsOf(ground: Ground, variant: VariantInput, refuse: Refuse): Promise<Record<string, KeptWords>> {
    const { versions, words } = variant;
    if (versions) return this.pinned(ground, inLanguages(ground, versions, ['versions'], refuse), refuse);
    if (words) return this.own(ground, inLanguages(ground, words, ['words'], refuse), refuse);
    return Object.fromEntries(
      [...ground.languages].map(([locale, { tenant, version }]) => [locale, { owner: ownerOf(tenant), version }]),
    );
  }

  /** Versions that were published, now or earlier. */
  private async pinned(
    ground: Ground,
    versions: readonly InLanguage<number>[],
    refuse: Refuse,
  ): Promise<Record<string, KeptWords>> {
    const known = await this.versions(ground, versions);
    const words: Record<string, KeptWords> = {};
    for (const { locale, path, value } of versions) {
      const ofLocale = known.filter((one) => one.locale === locale);
      const found = ofLocale.find(({ version }) => version === value);
      if (!found) {
        const newest = Math.max(...ofLocale.map(({ newest }) => newest));
        refuse(path, { message: `there is no version ${value}; the newest is ${newest}` });
        continue;
      }
      words[locale] = { owner: ownerOf(found.tenant), version: value };
      refuseNeeds(ground, locale, found.required, path, refuse);
    }
    return words;
  }

  /** Words that the variant brings. */
  private async own(
    ground: Ground,
    words: readonly InLanguage<Record<string, unknown>>[],
    refuse: Refuse,
  ): Promise<Record<string, KeptWords>> {
    const { tenant, type, channel } = ground;
    const kept: Record<string, KeptWords> = {};
    for (const { locale, path, value } of words) {
      try {
        const { source, compiled } = await this.words.check({ tenant, type, channel, locale }, value);
        kept[locale] = { owner: 'variant', version: 0, source, compiled };
        refuseNeeds(ground, locale, compiled.required, path, refuse);
      } catch (error) {
        if (!(error instanceof WrongWords)) throw error;
        for (const { path: within, ...mistake } of error.errors) refuse([...path, within], mistake);
      }
    }
    return kept;
  }

  private async languages(tenant: string, type: string, channel: TemplatedChannel): Promise<Map<string, InUse>> {
    const { default_locale } = await this.brands.of(tenant);
    const all: InUse[] = await this.dataSource.query(
      `SELECT tenant, type, channel, locale, version, compiled->'required' AS required FROM (
         SELECT DISTINCT ON (tenant, locale) * FROM templates
         WHERE tenant IN ($1, '') AND type = $2 AND channel = $3
         ORDER BY tenant, locale, version DESC
       ) t
       WHERE withdrawn_at IS NULL AND NOT EXISTS (
         SELECT FROM inactive_templates i
         WHERE (i.tenant, i.owner, i.type, i.channel, i.locale) = ($1, t.tenant, t.type, t.channel, t.locale)
       )
       ORDER BY locale, tenant`,
      [tenant, type, channel],
    );
    return coveredLanguages(tenant, default_locale, all);
  }

  /** These versions of the tenant's own template, or of Carillon's in languages in which the tenant never had one. */
  private versions(
    { tenant, type, channel }: Ground,
    wanted: readonly InLanguage<number>[],
  ): Promise<(InUse & { newest: number })[]> {
    return this.dataSource.query(
      `SELECT t.tenant, t.locale, t.version, t.compiled->'required' AS required, o.newest
       FROM unnest($4::text[], $5::int[]) AS wanted(locale, version)
       CROSS JOIN LATERAL (
         SELECT tenant, max(version) AS newest FROM templates
         WHERE tenant IN ($1, '') AND type = $2 AND channel = $3 AND locale = wanted.locale
         GROUP BY tenant ORDER BY tenant DESC LIMIT 1
       ) o
       JOIN templates t
         ON (t.tenant, t.type, t.channel, t.locale) = (o.tenant, $2, $3, wanted.locale)
        AND t.version IN (wanted.version, o.newest)`,
      [tenant, type, channel, wanted.map(({ locale }) => locale), wanted.map(({ value }) => value)],
    );
  }
}

/** What a variant has for one language. */
interface InLanguage<T> {
  locale: string;
  /** Where it stands in the variant. */
  path: [string, string];
  value: T;
}

/** What a variant has by language, for just the languages of the experiment. */
function inLanguages<T>(
  { languages }: Ground,
  given: Readonly<Record<string, T>>,
  [part]: [string],
  refuse: Refuse,
): InLanguage<T>[] {
  const all = [...languages.keys()];
  const found = Object.entries(given).map(([language, value]): InLanguage<T> => {
    const locale = canonicalLocale(language) ?? language;
    if (!languages.has(locale))
      refuse([part, language], { message: `is not a language of the experiment; it has ${all.join(', ')}` });
    return { locale, path: [part, language], value };
  });
  for (const locale of all) {
    if (found.some((one) => one.locale === locale)) continue;
    refuse([part, locale], {
      message: 'is missing: every variant speaks every language of the experiment; give "locale" for one alone',
    });
  }
  return found.filter(({ locale }) => languages.has(locale));
}

/** Otherwise events that were fine until now would fail for some of their recipients. */
function refuseNeeds(
  { languages }: Ground,
  locale: string,
  required: readonly string[],
  path: readonly string[],
  refuse: Refuse,
): void {
  for (const variable of required) {
    if (languages.get(locale)!.required.includes(variable)) continue;
    const message = `needs "${variable}", which the words in use do not; write {{ ${variable} | default: '…' }}`;
    refuse(path, { message });
  }
}

function ownerOf(tenant: string): 'own' | 'system' {
  return tenant === '' ? 'system' : 'own';
}

function invalid(errors: FieldError[]): Problem {
  return Problem.unprocessable('invalid_experiment', 'The experiment is not valid', errors);
}
