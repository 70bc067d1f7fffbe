import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { renderedExample, renderedSchema } from '../rendered.ts';

export const smsRenderedSchema = renderedSchema.extend({
  /** E.164 */
  to: z.string(),
  text: z.string(),
});
export type SmsRendered = z.infer<typeof smsRenderedSchema>;

export const smsRendered = defineEvent<SmsRendered>({
  type: 'carillon.sms.rendered.v1',
  exchange: 'pipeline',
  key: 'rendered.sms',
  lanes: true,
  summary: 'An SMS is ready to be sent.',
  schema: smsRenderedSchema,
  example: {
    ...renderedExample,
    to: '+254711000111',
    text: 'Invoice INV-1001: KES 12,500.00 due on 1 December 2026.',
  },
});
