import type { NotificationRouted } from '@carillon/contracts';
import { LRUCache } from 'lru-cache';
import { compileTemplate } from '../compile/compile.ts';
import { SourceError, type Mistake } from '../compile/source-error.ts';
import { renderNotification, type RenderedNotification } from '../rendering/render-notification.ts';
import type { Brand } from '../rendering/scope.ts';
import { parseTemplate, type ParsedTemplate } from '../templates/parsed-template.ts';
import type { CompiledTemplate, PublishedTemplate } from '../templates/template.ts';

/** What a worker can be asked. Arguments and answers travel between processes: plain data only. */
export const jobs = { compile, render };
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

/** @param fingerprint equal for equal templates */
function render(
  routed: NotificationRouted,
  template: PublishedTemplate,
  fingerprint: string,
  brand: Brand,
  now: Date,
): RenderedNotification {
  let ready = parsed.get(fingerprint);
  if (!ready) parsed.set(fingerprint, (ready = parseTemplate(template)));
  // How it was found may differ from one notification to the next.
  const templates = new Map([[template.channel, { ...ready, ...template }]]);
  const { deliveries, failures } = renderNotification(routed, templates, brand, now);
  return { deliveries, failures: failures.map((failure) => ({ ...failure, message: failure.message })) };
}
