import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { jsonObjectSchema } from '../../words.ts';

export const catalogAppliedSchema = z.object({
  /** Of the tenant's document. An older one that arrives later changes nothing. */
  version: z.number().int().min(1),
  /** All words that the document brings: by type, language and channel. What is not here any more is the tenant's no more. */
  templates: z.record(z.string(), z.record(z.string(), z.record(z.string(), jsonObjectSchema))),
});
export type CatalogApplied = z.infer<typeof catalogAppliedSchema>;

export const catalogApplied = defineEvent<CatalogApplied>({
  type: 'carillon.catalog.applied.v1',
  exchange: 'pipeline',
  key: 'catalog.applied',
  lanes: false,
  summary: 'A tenant’s catalog document was applied; these are the words that it brings.',
  schema: catalogAppliedSchema,
  example: {
    version: 3,
    templates: {
      lesson_scheduled: {
        en: {
          in_app: { title: 'Lesson on {{ starts_at | date }}', message: 'With {{ teacher }}.' },
          sms: { text: 'Lesson with {{ teacher }} on {{ starts_at | date }}.' },
        },
      },
    },
  },
});
