import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { inAppRendered, inAppRenderedSchema } from '../in-app-rendered/index.ts';

const own = { notification_id: true, recipient: true, delivery_id: true } as const;

export const inAppChunkRenderedSchema = inAppRenderedSchema.omit(own).extend({
  /** What differs from recipient to recipient. */
  to: z.array(inAppRenderedSchema.pick(own)).min(1),
});
export type InAppChunkRendered = z.infer<typeof inAppChunkRenderedSchema>;

const { notification_id, recipient, delivery_id, ...shared } = inAppRendered.example;

/** Many recipients of a fan-out get the very same words. */
export const inAppChunkRendered = defineEvent<InAppChunkRendered>({
  type: 'carillon.in_app_chunk.rendered.v1',
  exchange: 'pipeline',
  key: 'rendered.in_app_chunk',
  lanes: true,
  summary: 'The same words are ready to be stored in the inboxes of many recipients.',
  schema: inAppChunkRenderedSchema,
  example: { ...shared, lane: 'bulk', to: [{ notification_id, recipient, delivery_id }] },
});
