import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FieldError, NotificationRouted } from '@carillon/contracts';
import { packedOf } from '@carillon/messaging/packed';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Words } from '../channels/index.ts';
import type { compileTemplate } from '../compile/compile.ts';
import { SourceError } from '../compile/source-error.ts';
import type { FieldVariable } from '../drafts/declared-data.ts';
import type { checkFragment } from '../fragments/check-fragment.ts';
import { RenderFailure } from '../rendering/render-failure.ts';
import type { Brand } from '../rendering/scope.ts';
import type { CompiledTemplate, PublishedTemplate } from '../templates/template.ts';
import type { TemplatedChannel, TemplateSource } from '../templates/template-source.ts';
import { templatesInQuarantine, templateStops, workerStops } from './metrics.ts';
import { Quarantine, type Held } from './quarantine.ts';
import { WorkerPool } from './worker-pool.ts';
import { WorkerStopped, type Ending } from './worker-process.ts';

/** What one rendering in a worker may use: milliseconds of computing, megabytes of heap. */
const rendering = { time: 1_000, memory: 64 };
/**
 * Milliseconds between two that are not tried: hundreds that waited while the first was, with 200 kB each, would keep the service's
 * own thread busy with parking them.
 */
const heldPause = 20;
/** What one compilation may use. */
const compiling = { time: 5_000, memory: 256 };

/**
 * Compiles and fills in templates in processes of their own, where they can be stopped whatever they do: drafts, what is about to be
 * saved, and what has taken too long in the service's own thread.
 */
@Injectable()
export class IsolatedTemplates implements OnApplicationShutdown {
  private readonly quarantine = new Quarantine(new LRUCache({ max: 10_000 }), new LRUCache({ max: 10_000 }));
  /** How many milliseconds those took that came to their end, the last time. */
  private readonly known = new LRUCache<string, number>({ max: 10_000 });
  private readonly onEnding = (reason: Ending) => workerStops.inc({ reason });
  /** For templates that take long, but have shown that they come to an end. A tenant never has both processes. */
  private readonly steady = new WorkerPool({
    processes: 2,
    perTenant: 1,
    limits: { ...rendering, nice: 15 },
    onEnding: this.onEnding,
  });
  /** For those that have not, and for those that had to be stopped. */
  private readonly doubtful = new WorkerPool({
    processes: 1,
    perTenant: 1,
    limits: { ...rendering, nice: 19 },
    onEnding: this.onEnding,
  });
  private readonly compilers = new WorkerPool({
    processes: 1,
    perTenant: 1,
    limits: { ...compiling, nice: 19 },
    onEnding: this.onEnding,
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
      throw tooMuchFor(source[0], error);
    }
  }

  /**
   * Every place where a source uses data, found in a worker.
   *
   * @param tenant whose turn it takes
   * @param source one that could be compiled
   * @throws SourceError naming the limit that was not enough
   */
  async usesOf(tenant: string, source: TemplateSource): Promise<FieldVariable[]> {
    try {
      return await this.compilers.run(tenant, (worker) => worker.ask('usesOf', source));
    } catch (error) {
      throw tooMuchFor(source, error);
    }
  }

  /**
   * {@link checkFragment} in a worker.
   *
   * @param tenant whose turn it takes
   */
  async checkFragment(tenant: string, ...fragment: Parameters<typeof checkFragment>): Promise<FieldError[]> {
    try {
      return await this.compilers.run(tenant, (worker) => worker.ask('checkFragment', ...fragment));
    } catch (error) {
      if (!(error instanceof WorkerStopped)) throw error;
      return [{ path: fragment[0] === 'layout' ? 'mjml' : 'text', message: tooMuch(error) }];
    }
  }

  /**
   * What a template says to a recipient, found out in a worker.
   *
   * @param tenant whose turn it takes
   * @param template published, or a draft compiled a moment ago
   * @throws RenderFailure naming the template and the cause, also when it had to be stopped
   */
  async words(
    tenant: string,
    routed: NotificationRouted,
    template: PublishedTemplate,
    brand: Brand,
    now: Date,
  ): Promise<Words[TemplatedChannel]> {
    // What was parsed already cannot travel.
    const published = { ...template, parts: undefined };
    const fingerprint = fingerprintOf(template);
    const key = keyOf(tenant, template);
    const pool = this.known.has(key) && !this.quarantine.has(key) ? this.steady : this.doubtful;
    return pool.run(tenant, async (worker) => {
      const held = this.heldBack(tenant, template);
      if (held) {
        await sleep(heldPause);
        throw held;
      }
      const stopped = (failure: RenderFailure, took: number) => {
        this.quarantine.stopped(tenant, key, failure.reason, took, performance.now());
        templateStops.inc({ limit: failure.limit });
        templatesInQuarantine.set(this.quarantine.size);
        return failure;
      };
      try {
        const answer = await worker.ask('words', packedOf(routed) ?? routed, published, fingerprint, brand, now);
        if ('words' in answer) {
          this.known.set(key, answer.took);
          this.quarantine.finished(key);
          return answer.words;
        }
        const { reason, missing, limit, parts } = answer.failure;
        const failure = new RenderFailure(template, reason, missing, limit, parts);
        throw limit ? stopped(failure, answer.took) : failure;
      } catch (error) {
        if (!(error instanceof WorkerStopped)) throw error;
        throw stopped(new RenderFailure(template, inWords(error), undefined, error.limit), rendering.time);
      }
    });
  }

  /** Why a template is not to be tried now; undefined when it may be. */
  heldBack(tenant: string, template: PublishedTemplate): RenderFailure | undefined {
    const held = this.quarantine.held(tenant, keyOf(tenant, template), performance.now());
    return held && heldBack(template, held);
  }

  /** Whether a worker has filled it in, the last time within so many milliseconds. */
  hasTaken(tenant: string, template: PublishedTemplate, most: number): boolean {
    return (this.known.get(keyOf(tenant, template)) ?? Infinity) <= most;
  }

  onApplicationShutdown(): void {
    for (const pool of [this.steady, this.doubtful, this.compilers]) pool.close();
  }
}

/** What one tenant's data make of a template that others use too is no concern of theirs. */
function keyOf(tenant: string, template: PublishedTemplate): string {
  return `${tenant} ${fingerprintOf(template)}`;
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

function heldBack(template: PublishedTemplate, { ms, why }: Held): RenderFailure {
  const until = new Date(Date.now() + ms).toISOString().slice(0, 19);
  return new RenderFailure(
    template,
    `had to be stopped too often (last time: ${why}) and is not tried before ${until}Z; mend the template, then replay the message`,
  );
}

/** What stopped a worker as a mistake in the source; anything else as it is. */
function tooMuchFor({ channel }: TemplateSource, error: unknown): unknown {
  if (!(error instanceof WorkerStopped)) return error;
  const field = channel === 'email' ? 'body' : channel === 'in_app' ? 'message' : 'text';
  return new SourceError([{ field, message: tooMuch(error) }]);
}

function tooMuch({ limit }: WorkerStopped): string {
  const enough = limit === 'time' ? `${compiling.time / 1_000} seconds` : `${compiling.memory} MB of memory`;
  return `cannot be compiled with ${enough}; make it shorter, or nest it less`;
}

function inWords({ limit }: WorkerStopped): string {
  return limit === 'time'
    ? `takes more than ${rendering.time / 1_000} s; use fewer or shorter loops, and shorter texts`
    : `needs more than ${rendering.memory} MB of memory; use shorter lists and texts`;
}
