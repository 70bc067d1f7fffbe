import { z } from 'zod';
import type { TemplateRef } from '../../content.ts';
import { defineEvent } from '../../define.ts';
import { timeOfId, uuidv8 } from '../../ids.ts';
import { channels, type Channel } from '../../words.ts';

export const observations = ['sent', 'delivered', 'failed', 'opened', 'clicked'] as const;
/** What can become of a delivery that takes part in an experiment. */
export type Observation = (typeof observations)[number];

/** Names the delivery, but nobody: what is kept of it need not be forgotten with the recipient. */
export const experimentObservedSchema = z.object({
  experiment: z.string(),
  variant: z.string(),
  delivery_id: z.string(),
  channel: z.enum(channels),
  what: z.enum(observations),
  at: z.string(),
});
export type ExperimentObserved = z.infer<typeof experimentObservedSchema>;

export const experimentObserved = defineEvent<ExperimentObserved>({
  type: 'carillon.experiment.observed.v1',
  exchange: 'pipeline',
  key: 'experiment.observed',
  lanes: false,
  summary: 'Something became of a delivery that takes part in an experiment.',
  schema: experimentObservedSchema,
  example: {
    experiment: '019aa5e5-8f00-8e00-8000-000000000001',
    variant: 'short',
    delivery_id: '019aa5e5-8f00-8c00-8000-000000000003',
    channel: 'email',
    what: 'opened',
    at: '2026-11-21T09:34:10.000Z',
  },
});

/**
 * What an experiment learns from a fact about a delivery, with the id to publish it under: undefined where the delivery takes part
 * in none, or where a program did it. Whoever publishes such a fact publishes this too.
 *
 * Not learned from `carillon.outcomes`, which tells of every delivery: an installation without experiments would pay for a queue
 * that says nothing.
 */
export function observationOf(
  what: Observation,
  fact: { delivery_id: string; channel: Channel; template?: TemplateRef; bot?: boolean; at: string },
): { id: string; observed: ExperimentObserved } | undefined {
  const { delivery_id, channel, template, bot = false, at } = fact;
  if (template?.experiment === undefined || template.variant === undefined || bot) return undefined;
  return {
    id: uuidv8(timeOfId(delivery_id), 'observed', what, delivery_id),
    observed: { experiment: template.experiment, variant: template.variant, delivery_id, channel, what, at },
  };
}
