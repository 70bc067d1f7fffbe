import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { TemplateCache } from '../templates/template-cache.ts';
import { TemplateStore } from '../templates/template-store.ts';

/** How long a notification waits for the words of its catalog at most, in milliseconds: a thousand emails are compiled by then. */
const patience = 15_000;
const betweenLooks = 50;

/**
 * A notification may be faster than the words of the catalog that it was decided under, which have to be compiled first. It waits for
 * them, so that whoever applied a catalog gets its words from the next event on.
 */
@Injectable()
export class WordsInUse {
  private readonly logger = new Logger(WordsInUse.name);
  /** By tenant, the version of the catalog whose words are in use at least. */
  private readonly known = new LRUCache<string, number>({ max: 10_000 });
  private readonly awaited = new Map<string, Promise<void>>();

  constructor(
    private readonly store: TemplateStore,
    private readonly templates: TemplateCache,
  ) {}

  /** Resolves when the words of this version, or of a newer one, are in use; or when they do not come. */
  async since(tenant: string, version: number | undefined): Promise<void> {
    if (version === undefined || version <= (this.known.get(tenant) ?? 0)) return;
    const key = `${tenant} ${version}`;
    let waiting = this.awaited.get(key);
    if (!waiting) {
      waiting = this.await(tenant, version).finally(() => this.awaited.delete(key));
      this.awaited.set(key, waiting);
    }
    await waiting;
  }

  private async await(tenant: string, version: number): Promise<void> {
    const until = Date.now() + patience;
    while ((await this.store.catalogVersion(tenant)) < version) {
      if (Date.now() > until) {
        // They were parked, or many are compiled; the notification is not held up for that, nor are those after it.
        this.logger.warn({ msg: 'the words of a catalog do not come', tenant, version });
        break;
      }
      await sleep(betweenLooks);
    }
    this.templates.forget(tenant);
    this.known.set(tenant, version);
  }
}
