import { z } from 'zod';
import { cloudEventSchema, type CloudEvent } from '../../cloud-event.ts';
import { defineRpc } from '../../define.ts';
import { digestItemSchema } from '../../pipeline/digest-item/index.ts';
import { notificationRoutedSchema } from '../../pipeline/notification-routed/index.ts';
import { jsonObjectSchema, recipientIdSchema, timestampSchema } from '../../words.ts';
import { decisionSchema } from '../decisions/index.ts';
import { deliveryDetailSchema } from '../deliveries/index.ts';
import { getNotification, notificationSchema } from '../inbox/index.ts';
import { preferencesSchema } from '../preferences/index.ts';
import { recipientSchema } from '../recipients/index.ts';

/** The services that keep something about a recipient, in the order in which an export tells of it. */
export const personalDataServices = ['preferences', 'inbox', 'email-sender', 'sms-sender', 'scheduler'] as const;
export type PersonalDataService = (typeof personalDataServices)[number];

/** A message that a timer keeps. */
export const keptTimerSchema = z.object({
  timer_id: z.string(),
  due_at: z.string(),
  expires_at: z.string().nullable(),
  created_at: z.string(),
  /** Without the other recipients that it names. */
  message: cloudEventSchema as unknown as z.ZodType<CloudEvent>,
});
export type KeptTimer = z.infer<typeof keptTimerSchema>;

/** What is held about a recipient, by section. */
export const personalDataSchema = z.object({
  /** Name, contacts, preferences, …; none for somebody who is not a recipient any more. */
  profile: z.array(recipientSchema.extend({ preferences: preferencesSchema })),
  /** Newest first, as in all that follow. */
  decisions: z.array(decisionSchema.extend({ deliveries: notificationRoutedSchema.shape.deliveries })),
  /** The inbox, expired ones too. */
  notifications: z.array(notificationSchema),
  email_deliveries: z.array(deliveryDetailSchema),
  sms_deliveries: z.array(deliveryDetailSchema),
  /** What is still to come. */
  timers: z.array(keptTimerSchema),
  /** What waits to be sent together with others. */
  digest_items: z.array(digestItemSchema),
});
export type PersonalData = z.infer<typeof personalDataSchema>;
export type PersonalDataSection = keyof PersonalData;

const of = z.object({ tenant: z.string(), recipient: recipientIdSchema });
const exampleOf = { tenant: 'default', recipient: 'parent-17' };

const request = of.extend({
  service: z.enum(personalDataServices),
  /** Where the page before ended: its `next`. */
  cursor: z.string().max(200).nullable(),
  limit: z.number().int().min(1).max(100),
});
const response = z.object({
  section: z.enum(Object.keys(personalDataSchema.shape) as [PersonalDataSection, ...PersonalDataSection[]]),
  rows: z.array(jsonObjectSchema),
  /** The same section or the service's next one goes on there; null: that was all. */
  next: z.string().nullable(),
});
export type PersonalDataPage = z.infer<typeof response>;

/** A page of what one service holds about a recipient; empty when that is nothing. */
export const personalData = defineRpc<z.infer<typeof request>, PersonalDataPage>({
  name: 'personal_data.export.v1',
  service: ({ service }) => service,
  summary: 'A page of what a service holds about a recipient.',
  request,
  response,
  example: {
    request: { ...exampleOf, service: 'inbox', cursor: null, limit: 25 },
    response: { section: 'notifications', rows: [getNotification.example.response], next: null },
  },
});

export const erasureSchema = z.object({ recipient: recipientIdSchema, erased_at: timestampSchema });

/** Erases a recipient everywhere; repeating it changes nothing. Errors: 404 for somebody who never was. */
export const eraseRecipient = defineRpc<z.infer<typeof of>, z.infer<typeof erasureSchema>>({
  name: 'preferences.recipients.erase.v1',
  service: 'preferences',
  summary: 'Erases a recipient everywhere.',
  request: of,
  response: erasureSchema,
  example: {
    request: exampleOf,
    response: { recipient: 'parent-17', erased_at: '2026-11-21T10:00:00.000Z' },
  },
});
