import { z } from 'zod';
import { templateRefSchema } from '../../content.ts';
import { defineRpc } from '../../define.ts';
import { deliveryStates } from '../../words.ts';

/** Channels whose deliveries a sender keeps. */
export const sentChannels = ['email', 'sms'] as const;
export type SentChannel = (typeof sentChannels)[number];

export const attemptSchema = z.object({
  /** 1 for the first. */
  number: z.number().int(),
  provider: z.string(),
  outcome: z.enum(['sending', 'accepted', 'retryable', 'permanent', 'throttled', 'uncertain']),
  error: z.string().nullable(),
  provider_message_id: z.string().nullable(),
  started_at: z.string(),
  finished_at: z.string().nullable(),
});
export type Attempt = z.infer<typeof attemptSchema>;

export const deliverySchema = z.object({
  id: z.string(),
  notification_id: z.string(),
  channel: z.enum(sentChannels),
  recipient: z.string(),
  type: z.string(),
  category: z.string(),
  /** Masked in lists: `a•••@example.org`. */
  destination: z.string(),
  status: z.enum(deliveryStates),
  provider: z.string().nullable(),
  provider_message_id: z.string().nullable(),
  retries: z.number().int(),
  error: z.string().nullable(),
  template: templateRefSchema,
  next_attempt_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  sent_at: z.string().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** One delivery with what was sent and each attempt. */
export const deliveryDetailSchema = deliverySchema.extend({
  /** What the provider was given: subject, html and text of an email, text of an SMS. */
  content: z.record(z.string(), z.unknown()),
  attempts: z.array(attemptSchema),
});
export type DeliveryDetail = z.infer<typeof deliveryDetailSchema>;

const exampleDelivery: Delivery = {
  id: '019aa5e5-8f00-8c00-8000-000000000003',
  notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  channel: 'email',
  recipient: 'parent-17',
  type: 'invoice_issued',
  category: 'billing',
  destination: 'a•••@example.org',
  status: 'sent',
  provider: 'smtp',
  provider_message_id: '<019aa5e5-8f00-8c00-8000-000000000003@carillon>',
  retries: 0,
  error: null,
  template: { key: 'invoice_issued', version: 1, locale: 'en' },
  next_attempt_at: null,
  created_at: '2026-11-21T09:30:00.000Z',
  updated_at: '2026-11-21T09:30:01.000Z',
  sent_at: '2026-11-21T09:30:01.000Z',
};
const exampleDetail: DeliveryDetail = {
  ...exampleDelivery,
  destination: 'amina@example.org',
  content: { subject: 'Invoice INV-1001', text: 'A new invoice …', html: '<p>A new invoice …</p>' },
  attempts: [
    {
      number: 1,
      provider: 'smtp',
      outcome: 'accepted',
      error: null,
      provider_message_id: exampleDelivery.provider_message_id,
      started_at: '2026-11-21T09:30:00.800Z',
      finished_at: '2026-11-21T09:30:01.000Z',
    },
  ],
};

const sender = ({ channel }: { channel: SentChannel }) => `${channel}-sender`;
const ofChannel = z.object({ tenant: z.string(), channel: z.enum(sentChannels) });

export const deliveryFilterSchema = z.strictObject({
  status: z.enum(deliveryStates).optional(),
  recipient: z.string().optional(),
  notification_id: z.string().optional(),
  type: z.string().optional(),
  /** Created at or after. */
  since: z.string().optional(),
});
export type DeliveryFilter = z.infer<typeof deliveryFilterSchema>;

const listRequest = ofChannel.extend({
  filter: deliveryFilterSchema,
  limit: z.number().int().min(1).max(100),
  /** The id after which to go on (exclusive). */
  after: z.string().nullable(),
});

/** Newest first, destinations masked. */
export const listDeliveries = defineRpc<z.infer<typeof listRequest>, { data: Delivery[]; next: string | null }>({
  name: 'delivery.deliveries.list.v1',
  service: sender,
  summary: 'A page of a channel’s deliveries, newest first.',
  request: listRequest,
  response: z.object({ data: z.array(deliverySchema), next: z.string().nullable() }),
  example: {
    request: { tenant: 'default', channel: 'email', filter: { status: 'sent' }, limit: 20, after: null },
    response: { data: [exampleDelivery], next: null },
  },
});

const getRequest = ofChannel.extend({ id: z.string() });

/** One delivery in full. Errors: 404. */
export const getDelivery = defineRpc<z.infer<typeof getRequest>, DeliveryDetail>({
  name: 'delivery.deliveries.get.v1',
  service: sender,
  summary: 'One delivery with its content and attempts.',
  request: getRequest,
  response: deliveryDetailSchema,
  example: { request: { tenant: 'default', channel: 'email', id: exampleDelivery.id }, response: exampleDetail },
});

const traceRequest = ofChannel.extend({ notification_id: z.string() });

/** All deliveries of one notification on the channel, in full, for its trace. */
export const traceDeliveries = defineRpc<z.infer<typeof traceRequest>, { data: DeliveryDetail[] }>({
  name: 'delivery.deliveries.trace.v1',
  service: sender,
  summary: 'All deliveries of one notification on a channel.',
  request: traceRequest,
  response: z.object({ data: z.array(deliveryDetailSchema) }),
  example: {
    request: { tenant: 'default', channel: 'email', notification_id: exampleDelivery.notification_id },
    response: { data: [exampleDetail] },
  },
});

const retryRequest = ofChannel.extend({ id: z.string() });

/** Puts a failed or uncertain delivery back to be tried at once. Errors: 404; 409 `not_retryable` naming its state. */
export const retryDelivery = defineRpc<z.infer<typeof retryRequest>, DeliveryDetail>({
  name: 'delivery.deliveries.retry.v1',
  service: sender,
  summary: 'Tries a failed delivery again.',
  request: retryRequest,
  response: deliveryDetailSchema,
  example: { request: { tenant: 'default', channel: 'email', id: exampleDelivery.id }, response: exampleDetail },
});
