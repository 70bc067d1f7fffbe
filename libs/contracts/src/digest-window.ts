import { z } from 'zod';
import { channels } from './words.ts';

const weekdaySchema = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

/** Catalog key of the built-in type that digests are sent as. */
export const digestType = 'digest';

/** What a digest puts together: everything of its frequency, or what is of one category or type. */
export const digestScopes = ['all', 'category', 'type'] as const;
export type DigestScope = (typeof digestScopes)[number];

/** A digest: what comes until a local time, put together in words of its own. */
export const digestWindowSchema = z.object({
  kind: z.literal('digest'),
  frequency: z.enum(['hourly', 'daily', 'weekly']),
  /** Of daily and weekly ones, in the recipient’s zone. */
  hour: z.number().int().min(0).max(23).optional(),
  weekday: weekdaySchema.optional(),
  /** The recipient’s IANA zone. */
  time_zone: z.string(),
  /** A digest of its own for a category, or for a type; of everything when both are left out. */
  category: z.string().optional(),
  type: z.string().optional(),
});
export type DigestWindow = z.infer<typeof digestWindowSchema>;

/** A batch: similar notifications of a type within a short time, sent as one in the words of the type. */
export const batchWindowSchema = z.object({
  kind: z.literal('batch'),
  type: z.string(),
  /** What makes them similar. */
  key: z.string(),
  /** `fixed`: so long after the first one; `sliding`: so long after the last one. */
  mode: z.enum(['fixed', 'sliding']),
  window_ms: z.number().int().min(1),
  /** After the first one, however many follow. */
  max_wait_ms: z.number().int().min(1),
  /** With so many it is sent at once. */
  max_count: z.number().int().min(2).optional(),
});
export type BatchWindow = z.infer<typeof batchWindowSchema>;

/** In which window a notification waits for others on a channel. */
export const windowSchema = z.discriminatedUnion('kind', [digestWindowSchema, batchWindowSchema]);
export type Window = z.infer<typeof windowSchema>;

/** What the windows of a recipient on a channel are told apart by. */
export function scopeOfWindow(window: Window): string {
  if (window.kind === 'batch') return `batch ${window.type} ${window.key}`;
  const { frequency, category, type } = window;
  const of = type !== undefined ? ` type ${type}` : category !== undefined ? ` category ${category}` : '';
  return `${frequency}${of}`;
}

/** A channel of a notification that waits for others. */
export const waitingChannelSchema = z.object({
  channel: z.enum(channels),
  window: windowSchema,
  /** Whether the event named the channel. */
  requested: z.boolean(),
  /** When it is due as far as the decision knew; the ruling says the same. */
  until: z.string(),
  /** It is left out where the recipient has read it in the inbox before. */
  unless_read: z.boolean().optional(),
});
export type WaitingChannel = z.infer<typeof waitingChannelSchema>;
