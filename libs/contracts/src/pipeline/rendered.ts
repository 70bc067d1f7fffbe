import { z } from 'zod';
import { templateRefSchema } from '../content.ts';
import { lanes, priorities } from '../words.ts';

/** What every rendered delivery carries, whatever its channel. */
export const renderedSchema = z.object({
  delivery_id: z.string(),
  notification_id: z.string(),
  /** Of the event's record; what belongs to one that was cancelled is not sent. Items of an earlier version lack it. */
  event_id: z.string().optional(),
  recipient: z.string(),
  type: z.string(),
  category: z.string(),
  priority: z.enum(priorities),
  lane: z.enum(lanes),
  template: templateRefSchema,
  expires_at: z.string().optional(),
  created_at: z.string(),
});
export type Rendered = z.infer<typeof renderedSchema>;

/** The common part of the examples. */
export const renderedExample: Rendered = {
  delivery_id: '019aa5e5-8f00-8c00-8000-000000000003',
  notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  event_id: '019aa5e5-8f00-8a00-8000-000000000001',
  recipient: 'parent-17',
  type: 'invoice_issued',
  category: 'billing',
  priority: 'normal',
  lane: 'normal',
  template: { key: 'invoice_issued', version: 1, locale: 'en' },
  created_at: '2026-11-21T09:30:00.000Z',
};
