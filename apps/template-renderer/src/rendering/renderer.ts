import {
  routedOfChunk,
  type Channel,
  type ChunkRouted,
  type DigestItem,
  type NotificationRouted,
} from '@carillon/contracts';
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
import { asShownInDigest, digestItemsOf, waitsForDigest } from './digest-items.ts';
import { GuardedRendering } from './guarded-rendering.ts';
import { oneOfEachLocale, renderChunk, setApart, type RenderedChunk } from './render-chunk.ts';
import type { RenderedNotification } from './render-notification.ts';
import type { Brand } from './scope.ts';
import { withSubscriptionLink, type Routed } from './subscription-link.ts';
import { ThreadTurns } from './thread-turns.ts';

/** What could be said at once. */
export interface RenderedNow extends RenderedNotification {
  /** What digests show of it. */
  items: DigestItem[];
  /** What takes long: the notification with the deliveries on those channels, or with its digests. */
  apart: NotificationRouted[];
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
    if (!waitsForDigest(routed)) return this.renderNow(tenant, routed);
    const { digests: _, ...sentNow } = routed;
    const [sent, shown] = await Promise.all([
      this.renderNow(tenant, sentNow),
      this.shownInDigest(tenant, routed).then((alone) => this.renderNow(tenant, alone)),
    ]);
    return {
      deliveries: sent.deliveries,
      failures: [...sent.failures, ...shown.failures],
      items: digestItemsOf(routed, shown.deliveries),
      apart: [...sent.apart, ...(shown.apart.length > 0 ? [{ ...routed, deliveries: [] }] : [])],
    };
  }

  /** Whatever it takes, in a worker. */
  async renderApart(tenant: string, routed: NotificationRouted): Promise<Omit<RenderedNow, 'apart'>> {
    const sent = await this.renderInWorker(tenant, routed);
    if (!waitsForDigest(routed)) return { ...sent, items: [] };
    const shown = await this.renderInWorker(tenant, await this.shownInDigest(tenant, routed));
    return {
      deliveries: sent.deliveries,
      failures: [...sent.failures, ...shown.failures],
      items: digestItemsOf(routed, shown.deliveries),
    };
  }

  /** A chunk of a fan-out at once, but for what takes long. */
  async renderChunk(tenant: string, chunk: ChunkRouted): Promise<RenderedChunk & Pick<RenderedNow, 'items'>> {
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
    const sent = await this.thread.run(tenant, () =>
      renderChunk(
        chunk,
        ({ id, locale }) => assigned(found.get(locale)!, id, running),
        (routed, templates) => this.guarded.render(tenant, this.linked(tenant, routed), templates, brand, now),
      ),
    );
    const waiting = chunk.to.filter(({ digests }) => digests !== undefined);
    const shown = await Promise.all(
      waiting.map((member) => this.render(tenant, { ...routedOfChunk(chunk, member), deliveries: [] })),
    );
    return {
      ...sent,
      items: shown.flatMap(({ items }) => items),
      failures: [...sent.failures, ...shown.flatMap(({ failures }) => failures)],
      apart: [...sent.apart, ...shown.flatMap(({ apart }) => apart)],
    };
  }

  /** In the words of the inbox; where the type has none for it, but has some for the channel that waits, in those. */
  private async shownInDigest(tenant: string, routed: NotificationRouted): Promise<NotificationRouted> {
    const [inApp, own] = [asShownInDigest(routed), asShownInDigest(routed, routed.digests![0]!.channel)];
    if (routed.content) return inApp;
    await this.ready(tenant, routed.catalog_version);
    const [ofInbox, ofOwn] = await Promise.all([this.templatesFor(tenant, inApp), this.templatesFor(tenant, own)]);
    const written = (templates: Templates) =>
      [...templates.values()].some((found) => found && found.type !== genericType);
    return !written(ofInbox) && written(ofOwn) ? own : inApp;
  }

  private async renderNow(tenant: string, routed: NotificationRouted): Promise<RenderedNow> {
    if (routed.deliveries.length === 0) return { deliveries: [], failures: [], items: [], apart: [] };
    const { templates, brand } = await this.wordsOf(tenant, routed);
    const linked = this.linked(tenant, routed);
    const { apart, ...rendered } = await this.thread.run(tenant, () =>
      this.guarded.render(tenant, linked, templates, brand, new Date()),
    );
    return { ...rendered, items: [], apart: setApart(routed, apart) };
  }

  private async renderInWorker(tenant: string, routed: NotificationRouted): Promise<RenderedNotification> {
    if (routed.deliveries.length === 0) return { deliveries: [], failures: [] };
    const { templates, brand } = await this.wordsOf(tenant, routed);
    return this.guarded.renderApart(tenant, this.linked(tenant, routed), templates, brand, new Date());
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
