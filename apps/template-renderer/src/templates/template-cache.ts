import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { lookupOrder } from './lookup-order.ts';
import { parseTemplate, type ParsedTemplate } from './parsed-template.ts';
import type { PublishedTemplate } from './template.ts';
import type { TemplatedChannel } from './template-source.ts';
import { TemplateStore } from './template-store.ts';

/** How long a newly published version may go unnoticed by a replica that did not hear of it, in milliseconds. */
const lookupLifetime = 30_000;

/**
 * Which template serves whom, and the templates themselves, parsed. Answers are forgotten when something changes, and
 * after 30 seconds in any case; versions never change and are parsed once.
 */
@Injectable()
export class TemplateCache {
  private readonly lookups = new LRUCache<string, Promise<ParsedTemplate | null>>({ max: 5_000, ttl: lookupLifetime });
  private readonly versions = new LRUCache<string, ParsedTemplate>({ max: 1_000 });

  constructor(private readonly store: TemplateStore) {}

  /** The best template for a recipient's locale, or null when there is not even a generic one. */
  find(tenant: string, type: string, channel: TemplatedChannel, locale: string): Promise<ParsedTemplate | null> {
    const key = JSON.stringify([tenant, type, channel, locale]);
    let lookup = this.lookups.get(key);
    if (!lookup) {
      lookup = this.load(tenant, type, channel, locale);
      this.lookups.set(key, lookup);
      // A database that was away must be asked again.
      lookup.catch(() => this.lookups.delete(key));
    }
    return lookup;
  }

  /** Forgets which templates serve a tenant, after it got others. */
  forget(tenant: string): void {
    const ofTenant = `[${JSON.stringify(tenant)},`;
    for (const key of [...this.lookups.keys()]) if (key.startsWith(ofTenant)) this.lookups.delete(key);
  }

  /** Forgets which templates serve whom, after changes may have gone unheard. */
  forgetAll(): void {
    this.lookups.clear();
  }

  private async load(tenant: string, type: string, channel: TemplatedChannel, locale: string) {
    const published = await this.store.findFirst(lookupOrder(tenant, type, channel, locale));
    return published && this.parsed(published);
  }

  private parsed(published: PublishedTemplate): ParsedTemplate {
    const { tenant, type, channel, locale, version } = published;
    const key = JSON.stringify([tenant, type, channel, locale, version]);
    let template = this.versions.get(key);
    if (!template) this.versions.set(key, (template = parseTemplate(published)));
    return template;
  }
}
