import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { BrandStore } from '../branding/brand-store.ts';
import { FramedTemplates } from '../fragments/framed-templates.ts';
import { fallbackOf, lookupOrder, type Wanted } from './lookup-order.ts';
import { parseTemplate, type ParsedTemplate } from './parsed-template.ts';
import type { PublishedTemplate, TemplateKey } from './template.ts';
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

  constructor(
    private readonly store: TemplateStore,
    private readonly brands: BrandStore,
    private readonly frames: FramedTemplates,
  ) {}

  /** The best template for a recipient's locale, or null when there is not even a generic one. */
  find(tenant: string, type: string, channel: TemplatedChannel, locale: string): Promise<ParsedTemplate | null> {
    const key = JSON.stringify([tenant, type, channel, locale]);
    let lookup = this.lookups.get(key);
    if (!lookup) {
      lookup = this.load({ tenant, type, channel, locale });
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

  /** One published version, whether it is in use or not; null where there is none. */
  async version(key: TemplateKey, version: number): Promise<ParsedTemplate | null> {
    const known = this.versions.get(nameOf({ ...key, version }));
    if (known) return known;
    const published = await this.store.version(key, version);
    return published && this.parsed(published);
  }

  private async load(wanted: Wanted): Promise<ParsedTemplate | null> {
    const { default_locale } = await this.brands.of(wanted.tenant);
    const found = await this.store.findFirst(lookupOrder(wanted, default_locale));
    if (!found.template) return null;
    const fallback = fallbackOf(wanted, found);
    const template = this.parsed(await this.frames.framed(wanted.tenant, found.template));
    return fallback ? { ...template, fallback } : template;
  }

  private parsed(published: PublishedTemplate): ParsedTemplate {
    const name = nameOf(published);
    let template = this.versions.get(name);
    if (!template) this.versions.set(name, (template = parseTemplate(published)));
    return template;
  }
}

function nameOf({ tenant, type, channel, locale, version, frame }: Omit<PublishedTemplate, 'compiled'>): string {
  return JSON.stringify([tenant, type, channel, locale, version, frame?.tenant, frame?.version]);
}
