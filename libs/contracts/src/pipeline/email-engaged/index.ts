import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { engagedBy } from '../../tracking.ts';

export const emailEngagedSchema = z.object({
  delivery_id: z.string(),
  kind: z.enum(['opened', 'clicked']),
  /** Which link of the email was followed, counted from 0; null for an open. */
  link: z.number().int().nullable(),
  /** As far as the request alone tells; the sender, which knows when the email went out, may see a program behind it. */
  by: z.enum(engagedBy),
  at: z.string(),
});
export type EmailEngaged = z.infer<typeof emailEngagedSchema>;

/** Each open and each click is one event with an id of its own. */
export const emailEngaged = defineEvent<EmailEngaged>({
  type: 'carillon.email.engaged.v1',
  exchange: 'pipeline',
  key: 'engagement.email',
  lanes: false,
  summary: 'The picture of an email was fetched, or one of its links was followed.',
  schema: emailEngagedSchema,
  example: {
    delivery_id: '019aa5e5-8f00-8c00-8000-000000000003',
    kind: 'clicked',
    link: 0,
    by: 'person',
    at: '2026-11-21T09:34:10.000Z',
  },
});
