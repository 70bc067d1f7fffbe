import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { channels, timestampSchema } from '../../words.ts';

/** On or off by channel; a channel that is left out is not decided at this level. */
const switchesSchema = z.partialRecord(z.enum(channels), z.boolean());

const localTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a local time such as 22:00');

/** When a recipient does not want to be disturbed: local times, in the recipient's zone unless another is named. */
export const quietHoursSchema = z
  .strictObject({
    start: localTime,
    /** Earlier than `start`: on the following day. */
    end: localTime,
    /** Days on which a quiet period begins; all of them when left out. */
    days: z
      .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
      .min(1)
      .optional(),
    /** IANA zone */
    time_zone: z.string().max(64).optional(),
  })
  .refine(({ start, end }) => start !== end, {
    path: ['end'],
    message: 'must differ from start; for no quiet hours send null, for whole days switch the channels off',
  });
export type QuietHours = z.infer<typeof quietHoursSchema>;

export const frequencies = ['immediate', 'hourly', 'daily', 'weekly', 'never'] as const;
/** How often a recipient is written to by channels other than the inbox; `never` leaves only the inbox. */
export type Frequency = (typeof frequencies)[number];

/** When daily and weekly ones go out, in the recipient's zone. */
export const digestTimeSchema = z.strictObject({
  /** Local hour, 0 to 23; 8 when left out. */
  hour: z.number().int().min(0).max(23).optional(),
  /** Of weekly ones; `mon` when left out. */
  weekday: z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']).optional(),
});

/** What a recipient chose for one type: its channels, how often, and until when nothing at all. */
export const typeChoiceSchema = z.strictObject({
  ...Object.fromEntries(channels.map((channel) => [channel, z.boolean().optional()])),
  frequency: z.enum(frequencies).optional(),
  /** Until then nothing of this type is sent on any channel. */
  muted_until: timestampSchema.optional(),
} as Record<(typeof channels)[number], z.ZodOptional<z.ZodBoolean>> & {
  frequency: z.ZodOptional<z.ZodEnum<{ [F in Frequency]: F }>>;
  muted_until: z.ZodOptional<typeof timestampSchema>;
});
export type TypeChoice = z.infer<typeof typeChoiceSchema>;

/** What a recipient chose. The most specific switch that is set wins: type × channel, category × channel, channel. */
export const preferencesSchema = z.strictObject({
  /** Master switch per channel. */
  channels: switchesSchema.optional(),
  /** Switch per category × channel. */
  categories: z.record(z.string().max(64), switchesSchema).optional(),
  /** Switch per type × channel, with the type's own frequency and mute. */
  types: z.record(z.string().max(128), typeChoiceSchema).optional(),
  frequency: z.enum(frequencies).optional(),
  digest: digestTimeSchema.optional(),
  /** Email, SMS, push and chat wait until these end; the inbox never does. null: none. */
  quiet_hours: quietHoursSchema.nullable().optional(),
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
