import { Problem, type PreviewError, type Preview, type previewTemplate } from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { Drafts } from '../drafts/drafts.ts';
import { WordsCheck, WrongWords } from '../drafts/words-check.ts';
import { ExperimentStore } from '../experiments/experiment-store.ts';
import { FramedTemplates } from '../fragments/framed-templates.ts';
import { Library } from '../library/library.ts';
import { keyNamed, nameOf } from '../templates/template-name.ts';
import type { PublishedTemplate, TemplateKey } from '../templates/template.ts';
import type { TemplateSource } from '../templates/template-source.ts';
import { TemplateStore } from '../templates/template-store.ts';

/** The words that a preview is of. */
export interface ChosenWords {
  key: TemplateKey;
  owner: Preview['owner'];
  stage: Preview['stage'];
  /** Ready to be filled in; version 0 where nothing was published. Null for words that cannot be compiled. */
  template: PublishedTemplate | null;
  /** As they were written, where that is known. */
  source: TemplateSource | null;
  /** What is wrong with words that cannot be compiled. */
  errors: PreviewError[];
}

type Choice = Pick<RequestOf<typeof previewTemplate>, 'tenant' | 'key' | 'source' | 'version' | 'variant' | 'owner'>;

/** Finds the words that somebody wants to look at: published ones, a draft, those of a variant, or ones that are kept nowhere. */
@Injectable()
export class WordsChoice {
  constructor(
    private readonly drafts: Drafts,
    private readonly words: WordsCheck,
    private readonly library: Library,
    private readonly templates: TemplateStore,
    private readonly experiments: ExperimentStore,
    private readonly frames: FramedTemplates,
  ) {}

  /** @throws Problem 404 naming what is not there */
  async of(choice: Choice): Promise<ChosenWords> {
    const key = keyNamed(choice.tenant, choice.key);
    if (choice.source) return this.written(key, 'source', choice.source);
    if (choice.variant) return this.ofVariant(key, choice.variant);
    if (choice.version !== undefined) return this.published(choice, choice.version);
    const draft = choice.owner === 'system' ? null : await this.drafts.get(key);
    if (draft) return this.written(key, 'draft', draft.source);
    const { version } = await this.library.get(choice);
    if (!version) throw Problem.notFound('version', choice.key);
    return this.published(choice, version.version);
  }

  private async written(key: TemplateKey, stage: 'source' | 'draft', written: object): Promise<ChosenWords> {
    const chosen = { key, owner: 'own', stage } as const;
    try {
      const { source, compiled } = await this.words.check(key, written);
      const template = { ...key, version: 0, compiled };
      return { ...chosen, template, source: { channel: key.channel, source } as TemplateSource, errors: [] };
    } catch (error) {
      if (!(error instanceof WrongWords)) throw error;
      const errors = error.errors.map(({ path, ...rest }) => ({
        path: path === 'key' ? path : `source.${path}`,
        ...rest,
      }));
      return { ...chosen, template: null, source: null, errors };
    }
  }

  private async published(choice: Choice, number: number): Promise<ChosenWords> {
    const key = await this.library.published(choice);
    const [{ source }, template] = await Promise.all([
      this.library.version({ ...choice, version: number }),
      this.templates.version(key, number),
    ]);
    if (!template) throw Problem.notFound('version', `${choice.key} ${number}`);
    const framed = await this.frames.framed(choice.tenant, template);
    return {
      key,
      owner: key.tenant === '' ? 'system' : 'own',
      stage: number,
      // Frames are kept for the version in use only.
      template: framed.version === number ? framed : template,
      source: { channel: key.channel, source } as unknown as TemplateSource,
      errors: [],
    };
  }

  private async ofVariant(key: TemplateKey, variant: NonNullable<Choice['variant']>): Promise<ChosenWords> {
    const { tenant, type, channel, locale } = key;
    const experiment = await this.experiments.find(tenant, variant.experiment);
    if (!experiment || experiment.type !== type || experiment.channel !== channel) {
      throw Problem.notFound(`experiment about ${nameOf(key)}`, variant.experiment);
    }
    const found = experiment.variants.find((one) => one.key === variant.key);
    if (!found) throw Problem.notFound('variant', variant.key);
    const words = found.words[locale];
    if (!words) throw Problem.notFound(`variant in ${locale}`, variant.key);
    const owned = { ...key, tenant: words.owner === 'system' ? '' : tenant };
    const template = words.compiled
      ? { ...owned, version: words.version, compiled: words.compiled }
      : await this.templates.version(owned, words.version);
    if (!template) throw Problem.notFound('version', `${nameOf(key)} ${words.version}`);
    const owner = words.owner === 'system' ? 'system' : 'own';
    return { key: owned, owner, stage: 'variant', template, source: null, errors: [] };
  }
}
