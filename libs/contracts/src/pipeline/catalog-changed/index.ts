import { z } from 'zod';
import { defineEvent } from '../../define.ts';

/** The tenant is the event's own attribute. */
export const catalogChangedSchema = z.object({
  /** The version of the tenant's catalog that applies from now on. */
  version: z.number().int().min(0),
});
export type CatalogChanged = z.infer<typeof catalogChangedSchema>;

export const catalogChanged = defineEvent<CatalogChanged>({
  type: 'carillon.catalog.changed.v1',
  exchange: 'pipeline',
  key: 'catalog.changed',
  lanes: false,
  announcement: true,
  summary: 'A tenant’s catalog has another version: whoever remembers the former reads it anew.',
  schema: catalogChangedSchema,
  example: { version: 7 },
});
