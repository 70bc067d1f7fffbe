import { z } from 'zod';
import { defineEvent } from '../../define.ts';

/** The tenant, the event's own attribute, says it all. */
export const templatesChangedSchema = z.object({});
export type TemplatesChanged = z.infer<typeof templatesChangedSchema>;

export const templatesChanged = defineEvent<TemplatesChanged>({
  type: 'carillon.templates.changed.v1',
  exchange: 'pipeline',
  key: 'templates.changed',
  lanes: false,
  announcement: true,
  summary: 'A tenant has other templates: whoever remembers which ones serve it looks them up anew.',
  schema: templatesChangedSchema,
  example: {},
});
