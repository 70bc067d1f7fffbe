import { pathOf, Problem, type ExperimentInput, type FieldError, type VariantInput } from '@carillon/contracts';
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
 * Makes an experiment of what was asked for: settles what each variant says in each language, once and for all, compiled in the
 * tenant's frame as it is now.
 */
@Injectable()
export class Drafting {
  constructor(
    private readonly dataSource: DataSource,
    private readonly brands: BrandStore,
    private readonly words: WordsCheck,
  ) {}

  /** @throws Problem 422 `invalid_experiment` naming everything that is wrong */
  async draft(tenant: string, input: ExperimentInput, created_by: string): Promise<Omit<NewExperiment, 'id'>> {
    const { name, type, channel } = input;
    const goal = input.goal ?? (channel === 'sms' ? 'delivered' : 'opened');
    if (channel === 'sms' && goal === 'opened') {
      throw invalid([{ path: 'goal', message: 'nobody sees an SMS opened; use delivered or clicked' }]);
    }
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
    return { tenant, name, type, channel, locale, goal, variants, created_by };
  }

  private async wordsOf(ground: Ground, variant: VariantInput, refuse: Refuse): Promise<Record<string, KeptWords>> {
    const kept: Record<string, KeptWords> = {};
    for (const { locale, path, owner, version, source } of await this.written(ground, variant, refuse)) {
      try {
        const { tenant, type, channel } = ground;
        const checked = await this.words.check({ tenant, type, channel, locale }, source);
        const { compiled } = checked;
        kept[locale] = { owner, version, source: checked.source, compiled };
        const inUse = ground.languages.get(locale)!;
        // Otherwise events that were fine until now would fail for some of their recipients.
        for (const variable of inUse.source === source ? [] : compiled.required) {
          if (inUse.required.includes(variable)) continue;
          const cure = `write {{ ${variable} | default: '…' }}`;
          refuse(path, { message: `needs "${variable}", which the words in use do not; ${cure}` });
        }
      } catch (error) {
        if (!(error instanceof WrongWords)) throw error;
        for (const { path: within, ...mistake } of error.errors) refuse([...path, within], mistake);
      }
    }
    return kept;
  }

  /** What the variant says, as it was written: in its own words, in versions of the template, or what is in use. */
  private async written(ground: Ground, { versions, words }: VariantInput, refuse: Refuse): Promise<Written[]> {
    if (words) {
      return inLanguages(ground, 'words', words, refuse).map(({ value: source, ...place }) => ({
        ...place,
        owner: 'variant',
        version: 0,
        source,
      }));
    }
    if (versions) return this.published(ground, inLanguages(ground, 'versions', versions, refuse), refuse);
    return [...ground.languages].map(([locale, { tenant, version, source }]) => ({
      locale,
      path: [],
      owner: ownerOf(tenant),
      version,
      source,
    }));
  }

  private async published(ground: Ground, versions: readonly InLanguage<number>[], refuse: Refuse): Promise<Written[]> {
    const known = await this.versions(ground, versions);
    return versions.flatMap(({ locale, path, value }): Written[] => {
      const found = known.find((one) => one.locale === locale)!;
      if (found.source) return [{ locale, path, owner: ownerOf(found.tenant), version: value, source: found.source }];
      refuse(path, { message: `there is no version ${value}; the newest is ${found.newest}` });
      return [];
    });
  }

  private async languages(tenant: string, type: string, channel: TemplatedChannel): Promise<Map<string, InUse>> {
    const { default_locale } = await this.brands.of(tenant);
    const all: InUse[] = await this.dataSource.query(
      `SELECT tenant, type, channel, locale, version, source, compiled->'required' AS required FROM (
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
  ): Promise<{ tenant: string; locale: string; newest: number; source: Record<string, unknown> | null }[]> {
    return this.dataSource.query(
      `SELECT o.tenant, w.locale, o.newest, t.source
       FROM unnest($4::text[], $5::int[]) AS w(locale, version)
       CROSS JOIN LATERAL (
         SELECT tenant, max(version) AS newest FROM templates
         WHERE tenant IN ($1, '') AND type = $2 AND channel = $3 AND locale = w.locale
         GROUP BY tenant ORDER BY tenant DESC LIMIT 1
       ) o
       LEFT JOIN templates t
         ON (t.tenant, t.type, t.channel, t.locale, t.version) = (o.tenant, $2, $3, w.locale, w.version)`,
      [tenant, type, channel, wanted.map(({ locale }) => locale), wanted.map(({ value }) => value)],
    );
  }
}

/** What a variant says in one language, before it is checked. */
interface Written extends Pick<KeptWords, 'owner' | 'version' | 'source'> {
  locale: string;
  /** Where it stands in the variant. */
  path: readonly string[];
}

/** What a variant has for one language. */
interface InLanguage<T> {
  locale: string;
  path: readonly string[];
  value: T;
}

/** What a variant has by language, for just the languages of the experiment. */
function inLanguages<T>(
  { languages }: Ground,
  part: 'words' | 'versions',
  given: Readonly<Record<string, T>>,
  refuse: Refuse,
): InLanguage<T>[] {
  const all = [...languages.keys()];
  const found = new Map<string, InLanguage<T>>();
  for (const [language, value] of Object.entries(given)) {
    const path = [part, language];
    const locale = canonicalLocale(language) ?? language;
    if (!languages.has(locale)) {
      refuse(path, { message: `is not a language of the experiment; it has ${all.join(', ')}` });
    } else if (found.has(locale)) {
      refuse(path, { message: `is the same language as "${found.get(locale)!.path[1]}"; keep one of them` });
    } else found.set(locale, { locale, path, value });
  }
  for (const locale of all) {
    if (found.has(locale)) continue;
    refuse([part, locale], {
      message: 'is missing: every variant speaks every language of the experiment; give "locale" for one alone',
    });
  }
  return [...found.values()];
}

function ownerOf(tenant: string): 'own' | 'system' {
  return tenant === '' ? 'system' : 'own';
}

function invalid(errors: FieldError[]): Problem {
  return Problem.unprocessable('invalid_experiment', 'The experiment is not valid', errors);
}
