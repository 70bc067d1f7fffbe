import { z } from 'zod';
import { channels, jsonObjectSchema, linkSchema } from './words.ts';

/** A button or link of a notification. */
export const actionSchema = z.strictObject({
  label: z.string().min(1).max(80),
  url: linkSchema,
  style: z.enum(['primary', 'secondary', 'danger']).optional(),
});
export type Action = z.infer<typeof actionSchema>;

/** Words given with the event itself, used instead of a template. */
export const contentSchema = z.strictObject({
  title: z.string().trim().min(1, 'must not be empty').max(200),
  message: z.string().trim().min(1, 'must not be empty').max(4000),
  link: linkSchema.optional(),
  html: z.string().max(100_000).optional(),
  image: linkSchema.optional(),
  actions: z.array(actionSchema).max(5).optional(),
});
export type Content = z.infer<typeof contentSchema>;

/** Which words a delivery used. */
export const templateRefSchema = z.object({
  /** Catalog type, or `content` where the event brought its own words. */
  key: z.string(),
  /** 0 for content brought by the event. */
  version: z.number().int(),
  locale: z.string(),
  /** For Carillon's own words in a tenant's frame: the version of the tenant's layouts and partials that they were framed with. */
  frame: z.number().int().optional(),
  /** Id of the experiment that chose the words, where one did. */
  experiment: z.string().optional(),
  /** Which of its variants they are. */
  variant: z.string().optional(),
  /** Set where better words should have been there: these are what the lookup fell back to. */
  fallback: z
    .object({
      /** Key of the template that was not to be had: `invoice_issued.email.sw-KE`. */
      wanted: z.string(),
      /** An admin has switched it off, or there is none in the recipient's language. */
      reason: z.enum(['inactive', 'missing']),
    })
    .optional(),
});
export type TemplateRef = z.infer<typeof templateRefSchema>;

/** Ids of the things that a notification is about, by name. */
export const relatedSchema = z.record(z.string(), z.union([z.string(), z.number()]));
export type Related = z.infer<typeof relatedSchema>;

/** Who or what caused the event. */
export const actorSchema = z.strictObject({ id: z.string().max(128).optional(), name: z.string().max(200).optional() });
export type Actor = z.infer<typeof actorSchema>;

/** Similar notifications of a type that are sent as one. */
export const groupedSchema = z.object({
  count: z.number().int().min(1),
  /** The latest, in their order; the last one is the one whose words are used. */
  items: z.array(z.object({ data: jsonObjectSchema, actor: actorSchema.nullable(), at: z.string() })),
});
export type Grouped = z.infer<typeof groupedSchema>;

/** Similar notifications of a type become one: those of a recipient with the same key. */
export const batchSchema = z.object({
  /** What makes them similar, such as the id of a conversation. */
  key: z.string().min(1).max(256),
  /** How long after the first one others join it. */
  window_ms: z.number().int().min(1),
  /** How many become one at most; the next begins anew. */
  max: z.number().int().min(2).optional(),
  /** Where they become one; only in the inbox when left out. Elsewhere they wait for each other. */
  channels: z.array(z.enum(channels)).optional(),
  /** Of those that wait: `sliding` ends so long after the last one; `fixed`, when left out, after the first one. */
  mode: z.enum(['fixed', 'sliding']).optional(),
  /** How long the first one waits at most. */
  max_wait_ms: z.number().int().min(1).optional(),
});
export type Batch = z.infer<typeof batchSchema>;
