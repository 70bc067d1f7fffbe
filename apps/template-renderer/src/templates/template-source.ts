import { fragmentKeySchema } from '@carillon/contracts';
import { z } from 'zod';
import { writtenBlocksSchema } from '../channels/chat-blocks.ts';
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

/** Names a field of an event's data: `amount`, `course.title`. */
const fieldName = z
  .string()
  .regex(
    /^[\p{L}_][\p{L}\p{N}_-]*(\.[\p{L}_][\p{L}\p{N}_-]*){0,9}$/u,
    'must be the name of a field of the data, such as amount or course.title',
  )
  .max(200)
  .refine((name) => !reservedNames.includes(name.split('.', 1)[0] as never), {
    error: ({ input }) => `"${input as string}" is given by Carillon, so no event brings it; remove it`,
  });

/** What every template may declare, whatever its channel. */
const declarations = {
  /** Data that an event must bring, beside those that are found in the texts. */
  required: z.array(fieldName).max(100, 'at most 100 fields').optional(),
};

/** Buttons; one whose `url` comes out empty is left out. */
const actions = z
  .array(z.strictObject({ label: liquid, url: liquid, style: z.enum(['primary', 'secondary', 'danger']).optional() }))
  .max(5, 'at most 5 actions')
  .optional();

/** Words of an in-app notification: plain text, except `html`. */
export const inAppSourceSchema = z.strictObject({
  ...declarations,
  title: liquid,
  message: liquid,
  html: liquid.optional(),
  /** Without it the event's own `link`. May come out empty: then there is none. */
  link: liquid.optional(),
  image: liquid.optional(),
  actions,
});
export type InAppSource = z.infer<typeof inAppSourceSchema>;

/** Files that an event brings: `{filename, content_type, content}` with the content as base64, or a list of these. */
const attachment = z.strictObject({
  /** Where they stand in the event's data. */
  from: fieldName,
  /** Whether the email is also sent without them. */
  optional: z.boolean().optional(),
});
export type AttachmentSource = z.infer<typeof attachment>;

/** Words of an email: a body in Carillon's frame, or the whole HTML. */
export const emailSourceSchema = z
  .strictObject({
    ...declarations,
    subject: liquid,
    /** What mail programs show beside the subject; hidden in the email itself. */
    preheader: liquid.optional(),
    /** MJML components as they stand in a column: `<mj-text>`, `<mj-button>`, `<mj-table>`, … */
    body: liquid.optional(),
    /** A whole HTML document in the place of the body and its frame. Its CSS is inlined when it is saved. */
    html: liquid.optional(),
    /** Without it the plain text is derived from the body or the HTML. */
    text: liquid.optional(),
    /** The layout that the body is framed by; without it the one named `default`, or Carillon's. */
    layout: fragmentKeySchema.optional(),
    /** Whether the email begins with "Hi Amina,"; whole HTML greets by itself. */
    greeting: z.boolean().default(true),
    /** Where answers go. May come out empty: then to the sender. */
    reply_to: liquid.optional(),
    attachments: z.array(attachment).min(1).max(10, 'at most 10 attachments').optional(),
  })
  .superRefine(({ body, html }, context) => {
    if (body === undefined && html === undefined)
      context.addIssue({ code: 'custom', path: ['body'], message: 'give body (MJML) or html (a whole document)' });
    if (body !== undefined && html !== undefined)
      context.addIssue({ code: 'custom', path: ['html'], message: 'stands in the place of body; give one of them' });
  });
export type EmailSource = z.infer<typeof emailSourceSchema>;

/** Words of an SMS; one segment holds 160 plain characters, or 70 with any other than those of GSM 03.38. */
export const smsSourceSchema = z.strictObject({ ...declarations, text: liquid });
export type SmsSource = z.infer<typeof smsSourceSchema>;

/** Words of a push message: plain text. */
export const pushSourceSchema = z.strictObject({
  ...declarations,
  title: liquid,
  body: liquid,
  /** Where a tap leads; without it the event's own `link`. May come out empty: then nowhere. */
  link: liquid.optional(),
  icon: liquid.optional(),
  image: liquid.optional(),
  actions,
});
export type PushSource = z.infer<typeof pushSourceSchema>;

/** Words of a chat message, in Slack's markup. */
export const chatSourceSchema = z.strictObject({
  ...declarations,
  /** The whole message, or what stands for the blocks where they are not shown. */
  text: liquid,
  blocks: writtenBlocksSchema(liquid).optional(),
});
export type ChatSource = z.infer<typeof chatSourceSchema>;

/** The channels that have words; the schema of each. What becomes of the words is in `channelWords`. */
export const sourceSchemas = {
  in_app: inAppSourceSchema,
  email: emailSourceSchema,
  sms: smsSourceSchema,
  push: pushSourceSchema,
  chat: chatSourceSchema,
} as const;

/** A channel that templates are written for. */
export type TemplatedChannel = keyof typeof sourceSchemas;
export const templatedChannels = Object.keys(sourceSchemas) as TemplatedChannel[];

/** The words of one notification type on one channel in one language. */
export type TemplateSource = {
  [C in TemplatedChannel]: { channel: C; source: z.infer<(typeof sourceSchemas)[C]> };
}[TemplatedChannel];

/** One file: a notification type in one language, on all its channels. */
export const templateFileSchema = z.strictObject({
  in_app: inAppSourceSchema.optional(),
  email: emailSourceSchema.optional(),
  sms: smsSourceSchema.optional(),
  push: pushSourceSchema.optional(),
  chat: chatSourceSchema.optional(),
  /** Data for a preview: every variable, also the optional ones. */
  sample: z.record(z.string(), z.unknown()),
});
export type TemplateFile = z.infer<typeof templateFileSchema>;
