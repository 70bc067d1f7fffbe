import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TemplateStore } from '../templates/template-store.ts';
import { loadBuiltIns, type BuiltIn } from './load.ts';
import { publishBuiltIns } from './publish.ts';

/**
 * Publishes the built-in templates when the service starts. The database may not be there or migrated yet at that
 * moment: it is tried again until it is, and whoever needs the templates waits for {@link published}.
 */
@Injectable()
export class BuiltInTemplates implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(BuiltInTemplates.name);
  /** Read at once, so that a template file with a mistake stops the start. */
  private readonly builtIns: readonly BuiltIn[] = loadBuiltIns();
  private publishing?: Promise<void>;
  private readonly stopping = new AbortController();

  constructor(private readonly store: TemplateStore) {}

  onApplicationBootstrap(): void {
    void this.publishWhenPossible();
  }

  onModuleDestroy(): void {
    this.stopping.abort();
  }

  /**
   * Resolves once the built-in templates are published.
   *
   * @throws what publishing failed with; the next call tries again
   */
  published(): Promise<void> {
    this.publishing ??= this.publish().catch((error: unknown) => {
      this.publishing = undefined;
      throw error;
    });
    return this.publishing;
  }

  private async publish(): Promise<void> {
    const began = performance.now();
    const published = await publishBuiltIns(this.store, this.builtIns);
    const took_ms = Math.round(performance.now() - began);
    this.logger.log({
      msg: 'built-in templates are up to date',
      total: this.builtIns.length,
      published: published.length,
      took_ms,
    });
  }

  private async publishWhenPossible(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        return await this.published();
      } catch (error) {
        this.logger.warn({ msg: 'built-in templates are not published yet', error: (error as Error).message });
      }
      await sleep(1_000, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
    }
  }
}
