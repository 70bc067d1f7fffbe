import { z } from 'zod';
import { actionSchema } from '../../content.ts';
import { emailRenderedSchema } from '../../pipeline/email-rendered/index.ts';
import { inAppRenderedSchema } from '../../pipeline/in-app-rendered/index.ts';
import { smsRenderedSchema } from '../../pipeline/sms-rendered/index.ts';
import { jsonObjectSchema } from '../../words.ts';

/** What a notification would say, by channel, for people to look at before anything is sent. */
export const shownWordsSchema = z.object({
  in_app: inAppRenderedSchema
    .pick({ title: true, message: true, html: true, link: true, image: true, actions: true })
    .optional(),
  email: emailRenderedSchema
    .pick({ subject: true, html: true, text: true, reply_to: true })
    .extend({
      /** The files that go with it, without what is in them. */
      attachments: z
        .array(z.object({ filename: z.string(), content_type: z.string(), bytes: z.number().int() }))
        .optional(),
    })
    .optional(),
  sms: smsRenderedSchema
    .pick({ text: true })
    .extend({
      alphabet: z.enum(['GSM-7', 'UCS-2']),
      /** Septets, or UTF-16 units. */
      units: z.number().int(),
      /** How many SMS it is. */
      segments: z.number().int(),
      /** By the prices that are set; null where none is. */
      cost: z.object({ amount: z.number(), currency: z.string() }).nullable(),
    })
    .optional(),
  push: z
    .object({
      title: z.string(),
      body: z.string(),
      link: z.string().nullable(),
      icon: z.string().nullable(),
      image: z.string().nullable(),
      actions: z.array(actionSchema),
    })
    .optional(),
  /** In Slack's markup and blocks. */
  chat: z.object({ text: z.string(), blocks: z.array(jsonObjectSchema) }).optional(),
});
export type ShownWords = z.infer<typeof shownWordsSchema>;
