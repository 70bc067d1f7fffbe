import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { notificationRouted, notificationRoutedSchema } from '../notification-routed/index.ts';

const own = { notification_id: true, recipient: true, deliveries: true, digests: true } as const;

export const chunkRoutedSchema = notificationRoutedSchema.omit(own).extend({
  /** What differs from recipient to recipient. */
  to: z.array(notificationRoutedSchema.pick(own)).min(1),
});
export type ChunkRouted = z.infer<typeof chunkRoutedSchema>;

/** The notification of one recipient of a chunk, as if it travelled alone. */
export function routedOfChunk({ to: _, ...shared }: ChunkRouted, recipient: ChunkRouted['to'][number]) {
  return { ...shared, ...recipient };
}

const { notification_id, recipient, deliveries, ...shared } = notificationRouted.example;

/** A fan-out says what it has to say once for many: written, sent and read once, and rendered once where the words are the same. */
export const chunkRouted = defineEvent<ChunkRouted>({
  type: 'carillon.chunk.routed.v1',
  exchange: 'pipeline',
  key: 'chunk_routed',
  lanes: true,
  summary: 'Preferences decided that many recipients of an audience are to be notified.',
  schema: chunkRoutedSchema,
  example: { ...shared, lane: 'bulk', to: [{ notification_id, recipient, deliveries }] },
});
