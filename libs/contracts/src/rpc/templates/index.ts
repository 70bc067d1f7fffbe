import { z } from 'zod';
import { templateRefSchema } from '../../content.ts';
import { defineRpc } from '../../define.ts';
import { emailRendered } from '../../pipeline/email-rendered/index.ts';
import { inAppRendered } from '../../pipeline/in-app-rendered/index.ts';
import { notificationRouted, notificationRoutedSchema } from '../../pipeline/notification-routed/index.ts';
import { channels } from '../../words.ts';
import { shownWordsSchema } from './shown-words.ts';

export { shownWordsSchema, type ShownWords } from './shown-words.ts';

/**
 * How long checking templates may take, in milliseconds: an email is compiled in some 6 ms, and a document may change many.
 * To be given to the call.
 */
export const checkTemplatesTimeoutMs = 30_000;

const checkRequest = z.object({
  tenant: z.string(),
  /** By type, language and channel, just as the document has them: whatever is wrong with them is in the answer. */
  templates: z.record(z.string(), z.unknown()),
});
/** In the catalog document: `types.lesson_scheduled.templates.en.email.body`. */
const placed = z.array(z.object({ path: z.string(), message: z.string() }));
const checkResponse = z.object({
  errors: placed,
  /** What will become of words that an admin has published in the place of the document's. */
  warnings: placed.optional(),
});

/** Would these words be accepted with a catalog? Everything that is wrong with them at once; nothing is kept. */
export const checkTemplates = defineRpc<z.infer<typeof checkRequest>, z.infer<typeof checkResponse>>({
  name: 'renderer.templates.check.v1',
  service: 'template-renderer',
  summary: 'What is wrong with the words that a catalog document brings.',
  request: checkRequest,
  response: checkResponse,
  example: {
    request: { tenant: 'default', templates: { lesson_scheduled: { en: { sms: { text: 'On {{ day | dat }}.' } } } } },
    response: {
      errors: [
        {
          path: 'types.lesson_scheduled.templates.en.sms.text',
          message: 'undefined filter: dat, line:1, col:4',
        },
      ],
    },
  },
});

/** How many notifications one question may ask to be rendered. */
export const renderAtMost = 100;

const renderRequest = z.object({ tenant: z.string(), routed: z.array(notificationRoutedSchema).max(renderAtMost) });

/** What a notification would say, by channel. */
export const renderedNotificationSchema = z.object({
  notification_id: z.string(),
  rendered: shownWordsSchema,
  /** Which words each channel used. */
  template: z.partialRecord(z.enum(channels), templateRefSchema),
  /** One per channel that cannot be rendered. */
  errors: z.array(
    z.object({
      channel: z.enum(channels),
      message: z.string(),
      /** Variables that the event's data lack, where that is the reason. */
      missing: z.array(z.string()).optional(),
    }),
  ),
});
export type RenderedNotification = z.infer<typeof renderedNotificationSchema>;

const renderResponse = z.object({ notifications: z.array(renderedNotificationSchema) });
const { title, message, html, link, image, actions, template } = inAppRendered.example;
const { notification_id } = notificationRouted.example;
const email = emailRendered.example;

/** The same rendering as the pipeline's, in the order of the question. Publishes nothing. */
export const renderNotifications = defineRpc<z.infer<typeof renderRequest>, z.infer<typeof renderResponse>>({
  name: 'renderer.notifications.render.v1',
  service: 'template-renderer',
  summary: 'What routed notifications would say, without sending them.',
  request: renderRequest,
  response: renderResponse,
  example: {
    request: { tenant: 'default', routed: [notificationRouted.example] },
    response: {
      notifications: [
        {
          notification_id,
          rendered: {
            in_app: { title, message, html, link, image, actions },
            email: { subject: email.subject, html: email.html, text: email.text },
          },
          template: { in_app: template, email: email.template },
          errors: [],
        },
      ],
    },
  },
});
