import { hash } from 'node:crypto';
import type { NotificationRouted } from '@carillon/contracts';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { compileTemplate } from '../compile/compile.ts';
import { SourceError } from '../compile/source-error.ts';
import { RenderFailure } from '../rendering/render-failure.ts';
import type { RenderedNotification } from '../rendering/render-notification.ts';
import type { Brand } from '../rendering/scope.ts';
import type { CompiledTemplate, PublishedTemplate } from '../templates/template.ts';
import { templatesInQuarantine, templateStops, workerStops } from './metrics.ts';
import { Quarantine } from './quarantine.ts';
import { WorkerPool } from './worker-pool.ts';
import { WorkerStopped } from './worker-process.ts';

/** What one rendering in a worker may use: milliseconds on the clock, megabytes of heap. */
const rendering = { time: 2_000, memory: 64 };
/** What one compilation may use. */
const compiling = { time: 10_000, memory: 256 };

/**
 * Compiles and fills in templates in processes of their own, where they can be stopped whatever they do: drafts, what is about to be
 * saved, and what has taken too long in the service's own thread.
 */
@Injectable()
export class IsolatedTemplates implements OnApplicationShutdown {
  private readonly quarantine = new Quarantine(new LRUCache({ max: 10_000 }), new LRUCache({ max: 10_000 }));
  private readonly known = new LRUCache<string, true>({ max: 10_000 });
  private readonly onStop = (reason: 'time' | 'memory' | 'crash') => workerStops.inc({ reason });
  /** For templates that take long, but have shown that they come to an end. A tenant never has both processes. */
  private readonly steady = new WorkerPool({
    processes: 2,
    perTenant: 1,
    limits: { ...rendering, nice: 5 },
    onStop: this.onStop,
  });
  /** For those that have not, and for those that had to be stopped. */
  private readonly doubtful = new WorkerPool({
    processes: 1,
    perTenant: 1,
    limits: { ...rendering, nice: 15 },
    onStop: this.onStop,
  });
  private readonly compilers = new WorkerPool({
    processes: 1,
    perTenant: 1,
    limits: { ...compiling, nice: 10 },
    onStop: this.onStop,
  });

  /**
   * {@link compileTemplate} in a worker.
   *
   * @param tenant whose turn it takes
   * @throws SourceError naming everything that is wrong, or the limit that was not enough
   */
  async compile(tenant: string, ...source: Parameters<typeof compileTemplate>): Promise<CompiledTemplate> {
    try {
      const answer = await this.compilers.run(tenant, (worker) => worker.ask('compile', ...source));
      if ('compiled' in answer) return answer.compiled;
      throw new SourceError(answer.mistakes);
    } catch (error) {
      if (!(error instanceof WorkerStopped)) throw error;
      const enough = error.limit === 'time' ? `${compiling.time / 1_000} seconds` : `${compiling.memory} MB of memory`;
      const [{ channel }] = source;
      throw new SourceError([
        {
          field: channel === 'email' ? 'body' : channel === 'sms' ? 'text' : 'message',
          message: `cannot be compiled with ${enough}; make it shorter, or nest it less`,
        },
      ]);
    }
  }

  /**
   * Gives one channel of a notification its words in a worker.
   *
   * @param tenant whose turn it takes
   * @param template published, or a draft compiled a moment ago
   * @returns with a failure where it had to be stopped
   */
  async render(
    tenant: string,
    routed: NotificationRouted,
    template: PublishedTemplate,
    brand: Brand,
    now: Date,
  ): Promise<RenderedNotification> {
    const fingerprint = fingerprintOf(template);
    const pool = this.known.has(fingerprint) && !this.quarantine.has(fingerprint) ? this.steady : this.doubtful;
    const deliveries = routed.deliveries.filter(({ channel }) => channel === template.channel);
    return pool.run(tenant, async (worker) => {
      const pause = this.quarantine.pause(tenant, fingerprint, performance.now());
      if (pause > 0) return failed(paused(template, pause));
      const began = performance.now();
      try {
        const answer = await worker.ask('render', { ...routed, deliveries }, template, fingerprint, brand, now);
        const limit = answer.failures.find((failure) => failure.limit)?.limit;
        if (limit) this.stopped(tenant, fingerprint, limit, performance.now() - began);
        else {
          this.known.set(fingerprint, true);
          this.quarantine.finished(fingerprint);
        }
        return answer;
      } catch (error) {
        if (!(error instanceof WorkerStopped)) throw error;
        this.stopped(tenant, fingerprint, error.limit, performance.now() - began);
        return failed(
          new RenderFailure(
            template,
            error.limit === 'time'
              ? `was stopped after ${rendering.time / 1_000} seconds; use fewer or shorter loops, and shorter texts`
              : `was stopped because it took more than ${rendering.memory} MB of memory; use shorter lists and texts`,
            undefined,
            error.limit,
          ),
        );
      }
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.steady, this.doubtful, this.compilers].map((pool) => pool.close()));
  }

  private stopped(tenant: string, fingerprint: string, limit: string, took: number): void {
    this.quarantine.stopped(tenant, fingerprint, took, performance.now());
    templateStops.inc({ limit });
    templatesInQuarantine.set(this.quarantine.size);
  }
}

const fingerprints = new WeakMap<CompiledTemplate, string>();

/** Equal for two templates of the same version with the same content. */
function fingerprintOf({ tenant, type, channel, locale, version, compiled }: PublishedTemplate): string {
  let fingerprint = fingerprints.get(compiled);
  if (!fingerprint) {
    fingerprint = hash('sha256', JSON.stringify([tenant, type, channel, locale, version, compiled.parts]), 'base64');
    fingerprints.set(compiled, fingerprint);
  }
  return fingerprint;
}

function paused(template: PublishedTemplate, ms: number): RenderFailure {
  const until = new Date(Date.now() + ms).toISOString().slice(0, 19);
  return new RenderFailure(
    template,
    `had to be stopped again and again, so it is not tried before ${until}Z; shorten its loops and texts, then replay the message`,
  );
}

function failed(failure: RenderFailure): RenderedNotification {
  return { deliveries: [], failures: [failure] };
}
