import { z } from 'zod';
import { audienceSchema } from '../../audience.ts';
import { actorSchema, contentSchema } from '../../content.ts';
import { defineEvent } from '../../define.ts';
import {
  availableChannels,
  eventTypeSchema,
  jsonObjectSchema,
  priorities,
  recipientIdSchema,
  timestampSchema,
} from '../../words.ts';
import { refuseUnstorable } from '../../validate.ts';

/** The fields of an event request; dry runs take them too. */
export const eventRequestFields = {
  /** Catalog key or domain event type; may be left out when `content` is given. */
  type: eventTypeSchema.optional(),
  recipients: z
    .array(recipientIdSchema)
    .min(1, 'name at least one recipient')
    .max(1000, 'name at most 1000 recipients; for more use an audience')
    .optional(),
  /** Instead of recipients: everyone, a role or a tag. */
  audience: audienceSchema.optional(),
  /** What the templates fill in. */
  data: jsonObjectSchema.optional(),
  /** Instead of the type's default channels. */
  channels: z.array(z.enum(availableChannels)).min(1).optional(),
  priority: z.enum(priorities).optional(),
  /** Not before this time. */
  send_at: timestampSchema.optional(),
  /** After this time nothing is sent any more. */
  expires_at: timestampSchema.optional(),
  category: z.string().min(1).max(64).optional(),
  actor: actorSchema.optional(),
  correlation_key: z.string().min(1).max(200).optional(),
  /** Returned with the notification; never shown to the recipient by Carillon. */
  metadata: jsonObjectSchema.optional(),
  content: contentSchema.optional(),
};

/** The body of `POST /v1/events`. */
export const eventRequestSchema = z
  .strictObject(eventRequestFields)
  .refine(({ recipients, audience }) => (recipients === undefined) !== (audience === undefined), {
    path: ['recipients'],
    message: 'name either recipients or an audience',
  })
  .refine((request) => request.type !== undefined || request.content !== undefined, {
    path: ['type'],
    message: 'is required unless content is given',
  })
  .superRefine(refuseUnstorable);
export type EventRequest = z.infer<typeof eventRequestSchema>;

/** What `POST /v1/events` puts on the street: the request itself, so that AMQP can do all that HTTP can. */
export const eventRequested = defineEvent<EventRequest>({
  type: 'carillon.event.requested.v1',
  exchange: 'events',
  key: 'carillon.event.requested',
  lanes: false,
  summary: 'Someone asks for notifications to named recipients.',
  schema: eventRequestSchema,
  example: {
    type: 'invoice_issued',
    recipients: ['parent-17'],
    data: { invoice_number: 'INV-1001', amount: 12500, currency: 'KES', due_date: '2026-12-01' },
  },
});
