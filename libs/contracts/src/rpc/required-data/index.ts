import { z } from 'zod';
import { templateRefSchema } from '../../content.ts';
import { defineRpc } from '../../define.ts';
import { channels } from '../../words.ts';

/** The type whose words an event would use, and of which catalog they are. */
export const wordsRefSchema = z.object({
  /** Key of the type that has the words. */
  template: z.string(),
  /** Of the tenant's catalog; left out for a built-in type. Its words are to be in use. */
  catalog_version: z.number().int().optional(),
});
export type WordsRef = z.infer<typeof wordsRefSchema>;

/** Whose words one of an event's types would use, and on which channels. */
export const usedWordsSchema = wordsRefSchema.extend({
  channels: z.array(z.enum(channels)),
  /** Of the recipients that the event names, those without a name. */
  unnamed: z.array(z.string()).optional(),
});
export type UsedWords = z.infer<typeof usedWordsSchema>;

/** One field of an event's data that a template cannot do without. */
export const requiredFieldSchema = z.object({
  /** `amount`, `course.title`; `recipient.name`, which is no field of the data, where the recipient must have a name. */
  field: z.string(),
  channel: z.enum(channels),
  /** The template that writes it; there may be others, in other languages. */
  template: templateRefSchema,
});
export type RequiredField = z.infer<typeof requiredFieldSchema>;

/** How many types one question may name. */
export const requiredAtMost = 1_000;

const request = z.object({ tenant: z.string(), words: z.array(wordsRefSchema).max(requiredAtMost) });
const response = z.object({
  /** In the order of the question. Of every channel and every language that could serve somebody. */
  required: z.array(z.array(requiredFieldSchema)),
});

/** Asked before an event is accepted; the gateway remembers the answer until templates change. */
export const requiredData = defineRpc<z.infer<typeof request>, z.infer<typeof response>>({
  name: 'renderer.templates.required.v1',
  service: 'template-renderer',
  summary: 'Which data the words of types cannot do without, by field, channel and template.',
  request,
  response,
  example: {
    request: { tenant: 'default', words: [{ template: 'invoice_issued' }] },
    response: {
      required: [
        [{ field: 'amount', channel: 'email', template: { key: 'invoice_issued', version: 3, locale: 'en' } }],
      ],
    },
  },
});
