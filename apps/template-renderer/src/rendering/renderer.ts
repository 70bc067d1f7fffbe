import type { Channel, ChunkRouted, NotificationRouted } from '@carillon/contracts';
import { CONFIG, PublicLinks, type CommonConfig } from '@carillon/service';
import { Inject, Injectable } from '@nestjs/common';
import { BrandStore } from '../branding/brand-store.ts';
import { BuiltInTemplates } from '../built-in/built-in-templates.ts';
import { WordsInUse } from '../catalog/words-in-use.ts';
import { ExperimentsInUse } from '../experiments/assignment/experiments-in-use.ts';
import { noExperiments, wordsFor, type RunningExperiments } from '../experiments/assignment/running-experiment.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { TemplateCache } from '../templates/template-cache.ts';
import { genericType } from '../templates/template.ts';
import { templatedChannels, type TemplatedChannel } from '../templates/template-source.ts';
import { GuardedRendering } from './guarded-rendering.ts';
import { oneOfEachLocale, renderChunk, setApart, type RenderedChunk } from './render-chunk.ts';
import type { RenderedNotification } from './render-notification.ts';
import type { Brand } from './scope.ts';
import { withSubscriptionLink, type Routed } from './subscription-link.ts';
import { ThreadTurns } from './thread-turns.ts';

/** What could be said at once. */
export interface RenderedNow extends RenderedNotification {
  /** What takes long: none, or the notification with the deliveries on those channels. */
  apart: readonly NotificationRouted[];
}

/** Finds the templates of a notification and fills them in. */
@Injectable()
export class Renderer {
  private readonly links: PublicLinks | undefined;
  private readonly thread = new ThreadTurns();

  constructor(
    private readonly brands: BrandStore,
    private readonly templates: TemplateCache,
    private readonly builtIns: BuiltInTemplates,
    private readonly words: WordsInUse,
    private readonly experiments: ExperimentsInUse,
    private readonly guarded: GuardedRendering,
    @Inject(CONFIG) config: CommonConfig,
  ) {
    this.links = PublicLinks.of(config);
  }

  /** At once, but for what takes long. */
  async render(tenant: string, routed: NotificationRouted): Promise<RenderedNow> {
    const { templates, brand } = await this.wordsOf(tenant, routed);
    const linked = this.linked(tenant, routed);
    const { apart, ...rendered } = await this.thread.run(tenant, () =>
      this.guarded.render(tenant, linked, templates, brand, new Date()),
    );
    return { ...rendered, apart: setApart(routed, apart) };
  }

  /** Whatever it takes, in a worker. */
  async renderApart(tenant: string, routed: NotificationRouted): Promise<RenderedNotification> {
    const { templates, brand } = await this.wordsOf(tenant, routed);
    return this.guarded.renderApart(tenant, this.linked(tenant, routed), templates, brand, new Date());
  }

  /** A chunk of a fan-out at once, but for what takes long. */
  async renderChunk(tenant: string, chunk: ChunkRouted): Promise<RenderedChunk> {
    await this.ready(tenant, chunk.catalog_version);
    const byLocale = await Promise.all(
      oneOfEachLocale(chunk).map(
        async (routed) => [routed.recipient.locale, await this.templatesFor(tenant, routed)] as const,
      ),
    );
    const found = new Map(byLocale);
    const running = await this.experimentsFor(tenant, chunk);
    const brand = await this.brands.of(tenant);
    const now = new Date();
    return this.thread.run(tenant, () =>
      renderChunk(
        chunk,
        ({ id, locale }) => assigned(found.get(locale)!, id, running),
        (routed, templates) => this.guarded.render(tenant, this.linked(tenant, routed), templates, brand, now),
      ),
    );
  }

  private async wordsOf(tenant: string, routed: NotificationRouted): Promise<{ templates: Templates; brand: Brand }> {
    await this.ready(tenant, routed.catalog_version);
    const found = await this.templatesFor(tenant, routed);
    const templates = assigned(found, routed.recipient.id, await this.experimentsFor(tenant, routed));
    return { templates, brand: await this.brands.of(tenant) };
  }

  /** Words that the event brought itself are in no experiment. */
  private async experimentsFor(tenant: string, { content }: { content?: unknown }): Promise<RunningExperiments> {
    return content ? noExperiments : this.experiments.of(tenant);
  }

  private linked(tenant: string, routed: NotificationRouted): Routed {
    return withSubscriptionLink(tenant, routed, this.links);
  }

  private ready(tenant: string, catalogVersion: number | undefined): Promise<unknown> {
    return Promise.all([this.builtIns.published(), this.words.since(tenant, catalogVersion)]);
  }

  private async templatesFor(
    tenant: string,
    { content, type, template = type, recipient, deliveries }: NotificationRouted,
  ): Promise<Templates> {
    const wanted = new Set(deliveries.map(({ channel }) => channel));
    const found = templatedChannels
      .filter((channel) => wanted.has(channel))
      .map(async (channel): Promise<[TemplatedChannel, ParsedTemplate | null]> => [
        channel,
        await this.templates.find(tenant, content ? genericType : template, channel, recipient.locale),
      ]);
    return new Map(await Promise.all(found));
  }
}

type Templates = Map<Channel, ParsedTemplate | null>;

/** The same templates, but for those that an experiment is about. */
function assigned(found: Templates, recipient: string, running: RunningExperiments): Templates {
  if (running.size === 0) return found;
  return new Map([...found].map(([channel, template]) => [channel, wordsFor(template, recipient, running)]));
}
