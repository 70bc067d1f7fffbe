import type { Channel, ChunkRouted, NotificationRouted } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { Inject, Injectable } from '@nestjs/common';
import { BuiltInTemplates } from '../built-in/built-in-templates.ts';
import { WordsInUse } from '../catalog/words-in-use.ts';
import type { Config } from '../config.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { TemplateCache } from '../templates/template-cache.ts';
import { genericType } from '../templates/template.ts';
import { templatedChannels, type TemplatedChannel } from '../templates/template-source.ts';
import { oneOfEachLocale, renderChunk, type RenderedChunk } from './render-chunk.ts';
import { renderNotification, type RenderedNotification } from './render-notification.ts';
import type { Brand } from './scope.ts';

/** Finds the templates of a notification and fills them in. */
@Injectable()
export class Renderer {
  private readonly brand: Brand;

  constructor(
    private readonly templates: TemplateCache,
    private readonly builtIns: BuiltInTemplates,
    private readonly words: WordsInUse,
    @Inject(CONFIG) config: Config,
  ) {
    this.brand = {
      name: config.BRAND_NAME,
      site_url: config.SITE_URL,
      support_email: config.SUPPORT_EMAIL ?? null,
    };
  }

  async render(tenant: string, routed: NotificationRouted): Promise<RenderedNotification> {
    await this.ready(tenant, routed.catalog_version);
    return renderNotification(routed, await this.templatesFor(tenant, routed), this.brand, new Date());
  }

  /** A chunk of a fan-out at once. */
  async renderChunk(tenant: string, chunk: ChunkRouted): Promise<RenderedChunk> {
    await this.ready(tenant, chunk.catalog_version);
    const byLocale = await Promise.all(
      oneOfEachLocale(chunk).map(
        async (routed) => [routed.recipient.locale, await this.templatesFor(tenant, routed)] as const,
      ),
    );
    return renderChunk(chunk, new Map(byLocale), this.brand, new Date());
  }

  private ready(tenant: string, catalogVersion: number | undefined): Promise<unknown> {
    return Promise.all([this.builtIns.published(), this.words.since(tenant, catalogVersion)]);
  }

  private async templatesFor(
    tenant: string,
    { content, type, template = type, recipient, deliveries }: NotificationRouted,
  ): Promise<Map<Channel, ParsedTemplate | null>> {
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
