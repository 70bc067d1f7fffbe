import { z } from 'zod';
import { limits } from '../engine/limits.ts';
import { reservedNames } from '../engine/variables.ts';

/** A piece of text with Liquid in it. */
const liquid = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(limits.written, `must have at most ${limits.written} characters`)
  // PostgreSQL cannot store them.
  .regex(/^[^\0\p{Cs}]*$/u, 'must not contain NUL or broken characters');

/** What every template may declare, whatever its channel. */
const declarations = {
  /** Data that an event must bring, beside those that are found in the texts: `amount`, `course.title`. */
  required: z
    .array(
      z
        .string()
        .regex(
          /^[\p{L}_][\p{L}\p{N}_-]*(\.[\p{L}_][\p{L}\p{N}_-]*){0,9}$/u,
          'must be the name of a field of the data, such as amount or course.title',
        )
        .max(200)
        .refine((name) => !reservedNames.includes(name.split('.', 1)[0] as never), {
          error: ({ input }) => `"${input as string}" is given by Carillon, so no event brings it; remove it`,
        }),
    )
    .max(100, 'at most 100 fields')
    .optional(),
};

/** Words of an in-app notification: plain text, except `html`. */
export const inAppSourceSchema = z.strictObject({
  ...declarations,
  title: liquid,
  message: liquid,
  html: liquid.optional(),
  /** Without it the event's own `link`. May come out empty: then there is none. */
  link: liquid.optional(),
  image: liquid.optional(),
  /** An action whose `url` comes out empty is left out. */
  actions: z
    .array(z.strictObject({ label: liquid, url: liquid, style: z.enum(['primary', 'secondary', 'danger']).optional() }))
    .max(5, 'at most 5 actions')
    .optional(),
});
export type InAppSource = z.infer<typeof inAppSourceSchema>;

/** Words of an email. */
export const emailSourceSchema = z.strictObject({
  ...declarations,
  subject: liquid,
  /** What mail programs show beside the subject; hidden in the email itself. */
  preheader: liquid.optional(),
  /** MJML components as they stand in a column: `<mj-text>`, `<mj-button>`, `<mj-table>`, … */
  body: liquid,
  /** Without it the plain text is derived from the body. */
  text: liquid.optional(),
  /** Whether the email begins with "Hi Amina,". */
  greeting: z.boolean().default(true),
});
export type EmailSource = z.infer<typeof emailSourceSchema>;

/** Words of an SMS; one segment holds 160 plain characters, or 70 with any other than those of GSM 03.38. */
export const smsSourceSchema = z.strictObject({ ...declarations, text: liquid });
export type SmsSource = z.infer<typeof smsSourceSchema>;

/** The channels that have words; the schema of each. */
export const sourceSchemas = { in_app: inAppSourceSchema, email: emailSourceSchema, sms: smsSourceSchema } as const;

/** A channel that templates are written for. */
export type TemplatedChannel = keyof typeof sourceSchemas;
export const templatedChannels = Object.keys(sourceSchemas) as TemplatedChannel[];

/** The words of one notification type on one channel in one language. */
export type TemplateSource =
  | { channel: 'in_app'; source: InAppSource }
  | { channel: 'email'; source: EmailSource }
  | { channel: 'sms'; source: SmsSource };

/** One file: a notification type in one language, on all its channels. */
export const templateFileSchema = z.strictObject({
  in_app: inAppSourceSchema.optional(),
  email: emailSourceSchema.optional(),
  sms: smsSourceSchema.optional(),
  /** Data for a preview: every variable, also the optional ones. */
  sample: z.record(z.string(), z.unknown()),
});
export type TemplateFile = z.infer<typeof templateFileSchema>;
