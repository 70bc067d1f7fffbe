import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { channels, jsonObjectSchema, timestampSchema } from '../../words.ts';

/** On or off by channel; a channel that is left out is not decided at this level. */
const switchesSchema = z.partialRecord(z.enum(channels), z.boolean());

const localTimeError = 'must be a local time such as 22:00';
const localTime = z.string({ error: localTimeError }).regex(/^([01]\d|2[0-3]):[0-5]\d$/, localTimeError);
const hourError = 'must be an hour from 0 to 23';
const weekdaySchema = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

/** When a recipient does not want to be disturbed: local times, in the recipient's zone unless another is named. */
export const quietHoursSchema = z
  .strictObject({
    start: localTime,
    /** Earlier than `start`: on the following day. */
    end: localTime,
    /** Days on which a quiet period begins; all of them when left out. */
    days: z.array(weekdaySchema).min(1).optional(),
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
  hour: z.number({ error: hourError }).int(hourError).min(0, hourError).max(23, hourError).optional(),
  /** Of weekly ones; `mon` when left out. */
  weekday: weekdaySchema.optional(),
});

/** What a recipient chose for one category: its channels, and how often. */
export const categoryChoiceSchema = z.strictObject({
  ...(Object.fromEntries(channels.map((channel) => [channel, z.boolean().optional()])) as Record<
    (typeof channels)[number],
    z.ZodOptional<z.ZodBoolean>
  >),
  frequency: z.enum(frequencies).optional(),
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
  /** Switch per category × channel, with the category's own frequency. */
  categories: z.record(z.string().max(64), categoryChoiceSchema).optional(),
  /** Switch per type × channel, with the type's own frequency and mute. */
  types: z.record(z.string().max(128), typeChoiceSchema).optional(),
  frequency: z.enum(frequencies).optional(),
  digest: digestTimeSchema.optional(),
  /** Email, SMS, push and chat wait until these end; the inbox never does. null: none. */
  quiet_hours: quietHoursSchema.nullable().optional(),
});
export type Preferences = z.infer<typeof preferencesSchema>;

const nullableSwitchesSchema = z.partialRecord(z.enum(channels), z.boolean().nullable());

/**
 * A change of {@link preferencesSchema} as a JSON merge patch (RFC 7396): what it does not mention stays as it was, and `null` takes
 * a choice back, at every level. Only `quiet_hours: null` is a choice itself: none, whatever the tenant's are.
 */
export const preferencesPatchSchema = z.strictObject({
  channels: nullableSwitchesSchema.nullish(),
  categories: z
    .record(
      z.string().max(64),
      z
        .strictObject({
          ...(Object.fromEntries(channels.map((channel) => [channel, z.boolean().nullish()])) as Record<
            (typeof channels)[number],
            z.ZodOptional<z.ZodNullable<z.ZodBoolean>>
          >),
          frequency: z.enum(frequencies).nullish(),
        })
        .nullable(),
    )
    .nullish(),
  types: z
    .record(
      z.string().max(128),
      z
        .strictObject({
          ...(Object.fromEntries(channels.map((channel) => [channel, z.boolean().nullish()])) as Record<
            (typeof channels)[number],
            z.ZodOptional<z.ZodNullable<z.ZodBoolean>>
          >),
          frequency: z.enum(frequencies).nullish(),
          muted_until: timestampSchema.nullish(),
        })
        .nullable(),
    )
    .nullish(),
  frequency: z.enum(frequencies).nullish(),
  digest: z
    .strictObject({
      hour: digestTimeSchema.shape.hour.nullable(),
      weekday: weekdaySchema.nullish(),
    })
    .nullish(),
  /** Whether they contradict themselves is seen once they are merged. */
  quiet_hours: z
    .strictObject({
      start: localTime.optional(),
      end: localTime.optional(),
      days: z.array(weekdaySchema).min(1).nullish(),
      time_zone: z.string().max(64).nullish(),
    })
    .nullish(),
});
export type PreferencesPatch = z.infer<typeof preferencesPatchSchema>;

/**
 * One change among many: a switch (`channel`, `enabled`) of a type, a category or, where neither is named, for everything; or how
 * often (`frequency`), of a type, a category or of everything; or until when a type is muted. null takes the choice back.
 */
export const preferenceChangeSchema = z
  .strictObject({
    type: z.string().max(128).optional(),
    category: z.string().max(64).optional(),
    channel: z.enum(channels).optional(),
    enabled: z.boolean().nullable().optional(),
    frequency: z.enum(frequencies).nullable().optional(),
    muted_until: timestampSchema.nullable().optional(),
  })
  .superRefine(({ type, category, channel, enabled, frequency, muted_until }, context) => {
    const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    const choices = [enabled, frequency, muted_until].filter((choice) => choice !== undefined).length;
    if (choices !== 1) wrong('enabled', 'give exactly one of enabled, frequency and muted_until');
    if (type !== undefined && category !== undefined) wrong('category', 'name a type or a category, not both');
    if (enabled !== undefined && channel === undefined) wrong('channel', 'name the channel that is switched');
    if (enabled === undefined && channel !== undefined) wrong('channel', 'goes with enabled only');
    if (muted_until !== undefined && category !== undefined) wrong('category', 'goes with enabled or frequency');
    if (muted_until !== undefined && type === undefined) wrong('type', 'name the type that is muted');
  });
export type PreferenceChange = z.infer<typeof preferenceChangeSchema>;

export const preferenceChangesSchema = z.strictObject({
  changes: z.array(preferenceChangeSchema).min(1, 'give at least one change').max(1000, 'at most 1000 changes'),
});

/** What holds for a recipient who chose nothing: the tenant's defaults over the catalog. Enough to draw a page of switches. */
export const defaultPreferencesSchema = z.object({
  /** Whether a channel is on where nothing more specific says otherwise. */
  channels: z.partialRecord(z.enum(channels), z.boolean()),
  categories: z.record(z.string(), z.partialRecord(z.enum(channels), z.boolean())),
  types: z.record(
    z.string(),
    z.object({
      ...(Object.fromEntries(channels.map((channel) => [channel, z.boolean().optional()])) as Record<
        (typeof channels)[number],
        z.ZodOptional<z.ZodBoolean>
      >),
      category: z.string(),
      /** Its switches, mute and frequency have no effect. */
      mandatory: z.boolean(),
      frequency: z.enum(frequencies),
    }),
  ),
  /** Of types that have none of their own. */
  frequency: z.enum(frequencies),
  quiet_hours: quietHoursSchema.nullable(),
  digest: digestTimeSchema.required(),
});
export type DefaultPreferences = z.infer<typeof defaultPreferencesSchema>;

const ofTenant = z.object({ tenant: z.string() });
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

/** What holds for those who chose nothing. */
export const getDefaultPreferences = defineRpc<z.infer<typeof ofTenant>, DefaultPreferences>({
  name: 'preferences.preferences.defaults.v1',
  service: 'preferences',
  summary: 'What holds for a recipient who chose nothing.',
  request: ofTenant,
  response: defaultPreferencesSchema,
  example: {
    request: { tenant: 'default' },
    response: {
      channels: { in_app: true, email: true, sms: true },
      categories: { billing: { in_app: true, email: true, sms: false } },
      types: {
        invoice_issued: {
          category: 'billing',
          mandatory: false,
          frequency: 'immediate',
          in_app: true,
          email: true,
          sms: false,
        },
      },
      frequency: 'immediate',
      quiet_hours: { start: '22:00', end: '07:00' },
      digest: { hour: 8, weekday: 'mon' },
    },
  },
});

// What is asked for is checked by the service, which knows the tenant's catalog: so everything that is wrong is named at once.
const setRequest = of.extend({ mode: z.enum(['replace', 'merge']), preferences: jsonObjectSchema });

/**
 * Replaces preferences, or merges a patch into them. Errors: 404; 400 `invalid_body` for what would be no preferences, such as quiet
 * hours that contradict themselves; 422 `invalid_preferences` for a category, type or zone that does not exist and a mute in the past.
 */
export const setPreferences = defineRpc<z.infer<typeof setRequest>, Preferences>({
  name: 'preferences.preferences.set.v1',
  service: 'preferences',
  summary: 'Replaces or merges a recipient’s preferences.',
  request: setRequest,
  response: preferencesSchema,
  example: { request: { ...exampleOf, mode: 'merge', preferences: example }, response: example },
});

const changeRequest = of.extend({ change: jsonObjectSchema });

/** Many changes, one after the other, all or none. Errors as of {@link setPreferences}, each naming its row. */
export const changePreferences = defineRpc<z.infer<typeof changeRequest>, Preferences>({
  name: 'preferences.preferences.change.v1',
  service: 'preferences',
  summary: 'Applies many changes to a recipient’s preferences, all or none.',
  request: changeRequest,
  response: preferencesSchema,
  example: {
    request: {
      ...exampleOf,
      change: {
        changes: [
          { channel: 'sms', enabled: false },
          { category: 'billing', channel: 'sms', enabled: true },
        ],
      },
    },
    response: example,
  },
});
