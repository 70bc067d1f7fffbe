import type { ParsedTemplate } from '../../templates/parsed-template.ts';
import { assign } from './assign.ts';

/** A running experiment, ready to be used. */
export interface RunningExperiment {
  readonly id: string;
  /** Keys of the variants. */
  readonly variants: readonly string[];
  readonly weights: readonly number[];
  /** By language, in the order of the variants. */
  readonly words: ReadonlyMap<string, readonly ParsedTemplate[]>;
}

/** Those of a tenant, by {@link templateOf} which. */
export type RunningExperiments = ReadonlyMap<string, RunningExperiment>;

export const noExperiments: RunningExperiments = new Map();

/** Names the template that an experiment is about. */
export function templateOf({ type, channel }: { type: string; channel: string }): string {
  return `${type} ${channel}`;
}

/**
 * The words that a recipient gets: those that the lookup found, or where an experiment is about them those of the recipient's
 * variant.
 */
export function wordsFor<Found extends ParsedTemplate | null>(
  found: Found,
  recipient: string,
  running: RunningExperiments,
): Found | ParsedTemplate {
  // Whoever has switched the template off wants nobody to read it, in whatever words.
  if (!found || running.size === 0 || found.fallback?.reason === 'inactive') return found;
  const experiment = running.get(templateOf(found));
  const words = experiment?.words.get(found.locale);
  if (!experiment || !words) return found;
  const { id, variants, weights } = experiment;
  const index = assign(id, recipient, weights);
  return { ...words[index]!, fallback: found.fallback, trial: { experiment: id, variant: variants[index]! } };
}

/** A template with the required data of all variants that are shown in its place. */
export function withNeedsOfVariants(found: ParsedTemplate, running: RunningExperiments): ParsedTemplate {
  const words = running.get(templateOf(found))?.words.get(found.locale);
  return words ? { ...found, required: [...new Set(words.flatMap(({ required }) => required))] } : found;
}
