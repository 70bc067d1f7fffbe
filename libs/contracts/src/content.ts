import { z } from 'zod';
import { linkSchema } from './words.ts';

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
});
export type TemplateRef = z.infer<typeof templateRefSchema>;

/** Who or what caused the event. */
export const actorSchema = z.strictObject({ id: z.string().max(128).optional(), name: z.string().max(200).optional() });
