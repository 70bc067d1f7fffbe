import type { FieldError, NotificationRouted } from '@carillon/contracts';
import { unpack, type Packed } from '@carillon/messaging/packed';
import { LRUCache } from 'lru-cache';
import type { Words } from '../channels/index.ts';
import { compileTemplate } from '../compile/compile.ts';
import { SourceError, type Mistake } from '../compile/source-error.ts';
import { usesOf } from '../drafts/uses-of.ts';
import { checkFragment as mistakesOfFragment } from '../fragments/check-fragment.ts';
import { TenantFragments } from '../fragments/tenant-fragments.ts';
import { inWorker } from '../engine/index.ts';
import { RenderFailure } from '../rendering/render-failure.ts';
import { renderWords } from '../rendering/render-notification.ts';
import type { Brand } from '../rendering/scope.ts';
import { parseTemplate, type ParsedTemplate } from '../templates/parsed-template.ts';
import type { CompiledTemplate, PublishedTemplate } from '../templates/template.ts';
import type { TemplatedChannel } from '../templates/template-source.ts';

/** What a worker can be asked. Arguments and answers travel between processes: plain data only. */
export const jobs = { compile, usesOf, checkFragment, words };
export type Jobs = typeof jobs;

/** What is sent to a worker. */
export type Question = { [Job in keyof Jobs]: { job: Job; args: Parameters<Jobs[Job]> } }[keyof Jobs];

/** What a worker says: first that it is there, then once per question. */
export type Answer = { ready: true } | { value: unknown } | { error: string };

/** Parsed already, by what makes two templates the same. */
const parsed = new LRUCache<string, ParsedTemplate>({ max: 100 });

async function compile(
  ...source: Parameters<typeof compileTemplate>
): Promise<{ compiled: CompiledTemplate } | { mistakes: readonly Mistake[] }> {
  try {
    return { compiled: await compileTemplate(...source) };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { mistakes: error.mistakes };
  }
}

function checkFragment(
  ...[kind, key, source, { version, inUse, builtIn }]: Parameters<typeof mistakesOfFragment>
): Promise<FieldError[]> {
  // What travelled has lost its methods.
  return mistakesOfFragment(kind, key, source, new TenantFragments(version, inUse, builtIn));
}

/**
 * @param given packed where it came so
 * @param fingerprint equal for equal templates
 * @returns also how many milliseconds it has computed
 */
function words(
  given: NotificationRouted | Packed,
  template: PublishedTemplate,
  fingerprint: string,
  brand: Brand,
  now: Date,
):
  | { words: Words[TemplatedChannel]; took: number }
  | { failure: Pick<RenderFailure, 'reason' | 'missing' | 'limit' | 'parts'>; took: number } {
  const began = process.threadCpuUsage();
  const took = () => {
    const { user, system } = process.threadCpuUsage(began);
    return (user + system) / 1_000;
  };
  try {
    const routed = 'bytes' in given ? (unpack(given) as NotificationRouted) : given;
    let ready = parsed.get(fingerprint);
    if (!ready) parsed.set(fingerprint, (ready = parseTemplate(template, true)));
    const words = renderWords(routed, ready, brand, now, inWorker);
    return { words, took: took() };
  } catch (error) {
    if (!(error instanceof RenderFailure)) throw error;
    const { reason, missing, limit, parts } = error;
    return { failure: { reason, missing, limit, parts }, took: took() };
  }
}
