import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { renderedExample, renderedSchema } from '../rendered.ts';

export const emailRenderedSchema = renderedSchema.extend({
  to: z.object({ address: z.string(), name: z.string().nullable() }),
  subject: z.string(),
  html: z.string(),
  text: z.string(),
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
