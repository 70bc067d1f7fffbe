import { z } from 'zod';
import { actionSchema, actorSchema, batchSchema, relatedSchema } from '../../content.ts';
import { defineEvent } from '../../define.ts';
import { jsonObjectSchema } from '../../words.ts';
import { renderedExample, renderedSchema } from '../rendered.ts';

export const inAppRenderedSchema = renderedSchema.extend({
  title: z.string(),
  message: z.string(),
  /** Sanitised by the renderer. */
  html: z.string().nullable(),
  link: z.string().nullable(),
  image: z.string().nullable(),
  actions: z.array(actionSchema),
  metadata: jsonObjectSchema,
  actor: actorSchema.nullable(),
  /** Ids of what it is about; none when left out. */
  related: relatedSchema.optional(),
  /** The recipient’s language; that of the words when left out. */
  locale: z.string().optional(),
  /** Others that it becomes one with. */
  batch: batchSchema.optional(),
});
export type InAppRendered = z.infer<typeof inAppRenderedSchema>;

export const inAppRendered = defineEvent<InAppRendered>({
  type: 'carillon.in_app.rendered.v1',
  exchange: 'pipeline',
  key: 'rendered.in_app',
  lanes: true,
  summary: 'The words of an in-app notification are ready to be stored in the inbox.',
  schema: inAppRenderedSchema,
  example: {
    ...renderedExample,
    title: 'Invoice INV-1001',
    message: 'A new invoice of KES 12,500.00 is due on 1 December 2026.',
    html: null,
    link: null,
    image: null,
    actions: [],
    metadata: {},
    actor: null,
    related: { invoice_id: 'INV-1001' },
    locale: 'en',
  },
});
