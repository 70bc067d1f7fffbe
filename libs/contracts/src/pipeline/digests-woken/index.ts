import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { recipientIdSchema } from '../../words.ts';

export const digestsWokenSchema = z.object({
  recipient: recipientIdSchema,
  /** The change that it is about. */
  by: z.string(),
});
export type DigestsWoken = z.infer<typeof digestsWokenSchema>;

export const digestsWoken = defineEvent<DigestsWoken>({
  type: 'carillon.digests.woken.v1',
  exchange: 'pipeline',
  key: 'schedule.wake_digests',
  lanes: false,
  summary: 'A recipient has other preferences or another time zone: what waits for a digest is decided anew.',
  schema: digestsWokenSchema,
  example: { recipient: 'parent-17', by: '0b0a7c8e-3f0a-4a53-9a1c-5d8f5a3b7c11' },
});
