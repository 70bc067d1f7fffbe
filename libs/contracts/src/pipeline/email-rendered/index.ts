import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { trackingSchema } from '../../tracking.ts';
import { renderedExample, renderedSchema } from '../rendered.ts';

/** A file that goes with an email. */
export const attachmentSchema = z.object({
  filename: z.string(),
  content_type: z.string(),
  /** Base64 */
  content: z.string(),
});
export type Attachment = z.infer<typeof attachmentSchema>;

export const emailRenderedSchema = renderedSchema.extend({
  to: z.object({ address: z.string(), name: z.string().nullable() }),
  subject: z.string(),
  html: z.string(),
  text: z.string(),
  /** Where answers go; to the sender when left out. */
  reply_to: z.string().optional(),
  attachments: z.array(attachmentSchema).optional(),
  /** Where its recipient ends the subscription; left out of what is mandatory. */
  unsubscribe_url: z.string().optional(),
  /** Nothing is tracked when left out. */
  tracking: trackingSchema.optional(),
});
export type EmailRendered = z.infer<typeof emailRenderedSchema>;

export const emailRendered = defineEvent<EmailRendered>({
  type: 'carillon.email.rendered.v1',
  exchange: 'pipeline',
  key: 'rendered.email',
  lanes: true,
  summary: 'An email is ready to be sent.',
  schema: emailRenderedSchema,
  example: {
    ...renderedExample,
    to: { address: 'amina@example.org', name: 'Amina Otieno' },
    subject: 'Invoice INV-1001',
    html: '<p>A new invoice of KES 12,500.00 is due on 1 December 2026.</p>',
    text: 'A new invoice of KES 12,500.00 is due on 1 December 2026.',
  },
});
