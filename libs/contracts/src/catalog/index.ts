/**
 * The catalog as code: one document per tenant, laid over the built-in one. Written as YAML or JSON; what it says is checked as
 * a whole before anything changes, and every applied document is a version that can be gone back to.
 */
import { z } from 'zod';
import { audienceSchema } from '../audience.ts';
import { digestScopes } from '../digest-window.ts';
import { frequencies, preferencesSchema } from '../rpc/preferences/index.ts';
import { trackingSchema } from '../tracking.ts';
import { availableChannels, eventTypeSchema, jsonObjectSchema, priorities } from '../words.ts';

/** Names a type, category or source within a catalog. */
export const catalogKeySchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, "_" and "-", starting with a letter or digit');

/**
 * A Liquid expression: what would stand between `{{` and `}}`, such as `data.amount > 1000` or
 * `data.students | map: "guardian_id"`. It sees `event` (id, source, type, subject, time), `data` and `subject`.
 */
export const expressionSchema = z.string().trim().min(1, 'must not be empty').max(2000);

/** A length of time: ISO 8601 such as `PT1H`, `P1D`, or short such as `30s`, `10m`, `1h`, `7d`. */
export const durationSchema = z
  .string()
  .regex(
    /^([1-9]\d{0,6}[smhd]|P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)$/,
    'must be a length of time such as PT1H, P1D, 10m or 24h',
  );

/** @param duration as {@link durationSchema} takes it @returns milliseconds */
export function durationMs(duration: string): number {
  const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const short = /^(\d+)([smhd])$/.exec(duration);
  if (short) return Number(short[1]) * units[short[2]!]!;
  const [, days, hours, minutes, seconds] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration) ?? [];
  return (
    Number(days ?? 0) * units.d! +
    Number(hours ?? 0) * units.h! +
    Number(minutes ?? 0) * units.m! +
    Number(seconds ?? 0) * units.s!
  );
}

export const catalogCategorySchema = z.strictObject({
  /** As people read it. */
  name: z.string().min(1).max(80).optional(),
  description: z.string().max(500).optional(),
  /** Over the document's own `tracking`. */
  tracking: trackingSchema.optional(),
});
export type CatalogCategory = z.infer<typeof catalogCategorySchema>;

/** An exchange of a domain service, which Carillon's intake queue is bound to. */
export const catalogSourceSchema = z.strictObject({
  exchange: z.string().min(1).max(127),
  /** Binding patterns of the exchange, such as `lesson.*`; `#` when left out. */
  routing_keys: z.array(z.string().max(255)).min(1).max(50).optional(),
  description: z.string().max(500).optional(),
  /** Only messages for which it holds are this tenant's; for an exchange that several tenants share. */
  when: expressionSchema.optional(),
  /** Where a message that is no CloudEvent says these things. Expressions see `body`, `routing_key`, `headers`. */
  map: z
    .strictObject({
      /** Otherwise the routing key. */
      type: expressionSchema.optional(),
      /** Otherwise the AMQP property `message_id`. */
      id: expressionSchema.optional(),
      subject: expressionSchema.optional(),
      time: expressionSchema.optional(),
      /** Otherwise the whole body. */
      data: expressionSchema.optional(),
    })
    .optional(),
});
export type CatalogSource = z.infer<typeof catalogSourceSchema>;

const localTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a local time such as 08:00');

export const catalogTypeSchema = z.strictObject({
  category: catalogKeySchema,
  description: z.string().max(500).optional(),
  /** A type that is switched off is like one that does not exist. */
  enabled: z.boolean().optional(),
  /** Used unless the event or the recipient says otherwise. */
  channels: z.array(z.enum(availableChannels)).min(1),
  priority: z.enum(priorities).optional(),
  /** Ignores every switch, frequency and quiet hours; never a suppressed contact. */
  mandatory: z.boolean().optional(),
  /** Domain event types that trigger it, besides its own key. */
  on: z
    .union([eventTypeSchema, z.array(eventTypeSchema).min(1).max(50)], {
      error: 'must be an event type such as lesson.scheduled, or a list of up to 50',
    })
    .optional(),
  /** Only for events for which it holds. */
  when: expressionSchema.optional(),
  /** The recipients of a domain event: an id, a list of ids, or an audience. */
  to: z
    .union([expressionSchema, audienceSchema], {
      error: 'must be an expression such as data.guardian_id, or {"all": true}, {"role": "…"} or {"tag": "…"}',
    })
    .optional(),
  /** JSON Schema (draft 2020-12) of the event's data. */
  schema: jsonObjectSchema.optional(),
  /** How often a recipient who has not chosen hears of it by channels other than the inbox. */
  frequency: z.enum(frequencies).optional(),
  /** At most so many per recipient in any stretch of so long. */
  throttle: z.strictObject({ max: z.number().int().min(1).max(1000), per: durationSchema }).optional(),
  /** Whose words it uses; its own when left out. */
  template: catalogKeySchema.optional(),
  /** Its words, by language and channel. */
  templates: z.record(z.string().max(35), jsonObjectSchema).optional(),
  /** Similar ones become one: those with the same key within the window. */
  batch: z
    .strictObject({
      key: expressionSchema,
      window: durationSchema,
      /** How many become one at most; where they wait for each other, so many are sent at once. */
      max: z.number().int().min(2).optional(),
      /** Where they become one: an entry of the inbox, at once; elsewhere a message that waits for the window's end. */
      channels: z.array(z.enum(availableChannels)).min(1).optional(),
      /** Outside the inbox: whether the window ends so long after the first one, or after the last one. */
      mode: z.enum(['fixed', 'sliding']).optional(),
      /** Of a sliding one: how long the first one waits at most. */
      max_wait: durationSchema.optional(),
    })
    .optional(),
  /** How it comes in digests, for those who have it hourly, daily or weekly. */
  digest: z
    .strictObject({
      /** Together with everything else, with its category, or by itself. */
      scope: z.enum(digestScopes).optional(),
      /** In the inbox too, as one entry for the digest; otherwise the inbox has each at once. */
      in_app: z.boolean().optional(),
      /** Left out of the digest is what has been read in the inbox before. */
      unread_only: z.boolean().optional(),
    })
    .optional(),
  reminders: z
    .array(
      z.strictObject({
        /** The type that is sent as the reminder. */
        type: catalogKeySchema,
        /** Where the data says the time it refers to. */
        at: expressionSchema,
        /** How long before (`-PT24H`) or after (`P30D`) that time. */
        offset: z
          .string()
          .regex(/^[+-]?P/, 'must be an ISO 8601 duration such as -PT24H or P30D')
          .optional(),
        /** At that time of the day. */
        local_time: localTime.optional(),
        /** Of whose clocks, instead of each recipient's own. */
        time_zone: z.string().max(100).optional(),
        /** Again and again, so long after the one before. */
        every: durationSchema.optional(),
        /** How long after that time it comes no more; a year when left out. */
        until: z.string().regex(/^P/, 'must be an ISO 8601 duration such as P60D').optional(),
        /** Domain event types that cancel or move it, matched on `match`. */
        cancel_on: z.array(eventTypeSchema).optional(),
        move_on: z.array(eventTypeSchema).optional(),
        match: expressionSchema.optional(),
      }),
    )
    .max(10)
    .optional(),
});
export type CatalogType = z.infer<typeof catalogTypeSchema>;

const partOf = <T extends z.ZodType>(schema: T, most: number, what: string) =>
  z
    .record(catalogKeySchema, schema)
    .refine((part) => Object.keys(part).length <= most, `at most ${most} ${what}`)
    .optional();

/** A tenant's catalog document. Every part may be left out; a type with the key of a built-in one replaces it. */
export const catalogDocumentSchema = z.strictObject({
  categories: partOf(catalogCategorySchema, 100, 'categories'),
  sources: partOf(catalogSourceSchema, 100, 'sources'),
  types: partOf(catalogTypeSchema, 1000, 'types'),
  /** What recipients who have not chosen are taken to have chosen. */
  defaults: preferencesSchema.optional(),
  /** What of emails is tracked where their category does not say otherwise: opens and clicks, but nothing of `security`. */
  tracking: trackingSchema.optional(),
});
export type CatalogDocument = z.infer<typeof catalogDocumentSchema>;
