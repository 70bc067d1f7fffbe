import { z } from 'zod';
import { templateRefSchema } from '../../content.ts';
import { defineEvent, type EventContract } from '../../define.ts';
import { channels } from '../../words.ts';

export const engagementSchema = z.object({
  delivery_id: z.string(),
  notification_id: z.string(),
  recipient: z.string(),
  channel: z.enum(channels),
  type: z.string(),
  category: z.string(),
  /** Which words the recipient saw. */
  template: templateRefSchema,
  /** A program did it, such as a mail service that fetches pictures ahead or a scanner that follows links: nobody looked. */
  bot: z.boolean(),
  at: z.string(),
});
export type Engagement = z.infer<typeof engagementSchema>;

const example: Engagement = {
  delivery_id: '019aa5e5-8f00-8c00-8000-000000000003',
  notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  recipient: 'parent-17',
  channel: 'email',
  type: 'invoice_issued',
  category: 'billing',
  template: { key: 'invoice_issued', version: 1, locale: 'en' },
  bot: false,
  at: '2026-11-21T09:34:10.000Z',
};

function outcome(kind: string, summary: string): EventContract<Engagement> {
  return defineEvent<Engagement>({
    type: `carillon.engagement.${kind}.v1`,
    exchange: 'outcomes',
    key: `engagement.${kind}`,
    lanes: false,
    summary,
    schema: engagementSchema,
    example,
  });
}

/**
 * What recipients do with a message after it arrived; each open and each click is a fact of its own. Whoever publishes one for a
 * delivery that takes part in an experiment tells that too, see `observationOf`.
 */
export const engagementOutcomes = {
  opened: outcome('opened', 'The message was opened.'),
  clicked: outcome('clicked', 'A link of the message was followed.'),
} as const;
