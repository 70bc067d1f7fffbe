import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { digestItem, digestItemSchema } from '../../pipeline/digest-item/index.ts';
import { availableChannels, recipientIdSchema, uuidSchema } from '../../words.ts';

export const digestDueSchema = z.object({
  window_id: uuidSchema,
  kind: z.enum(['digest', 'batch']),
  recipient: recipientIdSchema,
  channel: z.enum(availableChannels),
  /** It was closed before its time, because its recipient chose otherwise: every item is decided anew. */
  woken: z.object({ by: z.string() }).optional(),
  /** In the order of their events; of a batch the older ones may lack what is too much for one message. */
  items: z.array(digestItemSchema).min(1),
});
export type DigestDue = z.infer<typeof digestDueSchema>;

/** A window is closed: what waited in it comes back, once, under the id of the window. */
export const digestDue = defineEvent<DigestDue>({
  type: 'carillon.digest.due.v1',
  exchange: 'events',
  key: 'carillon.digest.due',
  lanes: false,
  summary: 'The time of a digest or batch has come: what waited for it is decided again and sent together.',
  schema: digestDueSchema,
  example: {
    window_id: '019aa5e5-8f00-8e00-8000-000000000007',
    kind: 'digest',
    recipient: 'parent-17',
    channel: 'email',
    items: [digestItem.example],
  },
});
