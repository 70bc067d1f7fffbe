import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { channels } from '../../words.ts';

/** On or off by channel; a channel that is left out is not decided at this level. */
const switchesSchema = z.partialRecord(z.enum(channels), z.boolean());

/** What a recipient chose. The most specific switch that is set wins: type × channel, category × channel, channel. */
export const preferencesSchema = z.strictObject({
  /** Master switch per channel. */
  channels: switchesSchema.optional(),
  /** Switch per category × channel. */
  categories: z.record(z.string().max(64), switchesSchema).optional(),
  /** Switch per type × channel. */
  types: z.record(z.string().max(128), switchesSchema).optional(),
});
export type Preferences = z.infer<typeof preferencesSchema>;

const of = z.object({ tenant: z.string(), recipient: z.string() });
const example: Preferences = { channels: { sms: false }, categories: { billing: { sms: true } } };
const exampleOf = { tenant: 'default', recipient: 'parent-17' };

/** What the recipient set; an empty object when nothing. */
export const getPreferences = defineRpc<z.infer<typeof of>, Preferences>({
  name: 'preferences.preferences.get.v1',
  service: 'preferences',
  summary: 'A recipient’s preferences.',
  request: of,
  response: preferencesSchema,
  example: { request: exampleOf, response: example },
});

const setRequest = of.extend({ mode: z.enum(['replace', 'merge']), preferences: preferencesSchema });

/** Replaces or merges preferences. Errors: 422 naming an unknown category or type. */
export const setPreferences = defineRpc<z.infer<typeof setRequest>, Preferences>({
  name: 'preferences.preferences.set.v1',
  service: 'preferences',
  summary: 'Replaces or merges a recipient’s preferences.',
  request: setRequest,
  response: preferencesSchema,
  example: { request: { ...exampleOf, mode: 'merge', preferences: example }, response: example },
});
