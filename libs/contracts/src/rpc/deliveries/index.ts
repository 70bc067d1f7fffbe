import { z } from 'zod';
import { templateRefSchema } from '../../content.ts';
import { defineRpc } from '../../define.ts';
import { receiptWords } from '../../pipeline/receipt/index.ts';
import { emailEngagedSchema } from '../../pipeline/email-engaged/index.ts';
import { refuseUnstorable } from '../../validate.ts';
import { deliveryStates, timestampSchema, uuidSchema } from '../../words.ts';

/** Channels whose deliveries a sender keeps. */
export const sentChannels = ['email', 'sms'] as const;
export type SentChannel = (typeof sentChannels)[number];

/**
 * Why a delivery failed: `permanent` – the recipient's side refuses it and always will; `temporary` – it was tried as often
 * as the policy allows; `technical` – our own side is at fault (credentials, sender id, balance), mend it and retry.
 */
export const failures = ['permanent', 'temporary', 'technical'] as const;
export type Failure = (typeof failures)[number];

export const attemptSchema = z.object({
  /** 1 for the first. */
  number: z.number().int(),
  provider: z.string(),
  outcome: z.enum(['sending', 'accepted', 'retryable', 'permanent', 'throttled', 'uncertain']),
  error: z.string().nullable(),
  /** The provider's own code for it: `550`, `21211`. */
  error_code: z.string().nullable(),
  provider_message_id: z.string().nullable(),
  started_at: z.string(),
  finished_at: z.string().nullable(),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** What the provider reported later. */
export const deliveryReceiptSchema = z.object({
  /** The attempt it speaks of. */
  attempt: z.number().int(),
  provider: z.string(),
  provider_message_id: z.string().nullable(),
  says: z.enum(receiptWords),
  error: z.string().nullable(),
  error_code: z.string().nullable(),
  /** The provider's time. */
  at: z.string(),
  received_at: z.string(),
});
export type DeliveryReceipt = z.infer<typeof deliveryReceiptSchema>;

export const deliverySchema = z.object({
  id: z.string(),
  notification_id: z.string(),
  channel: z.enum(sentChannels),
  recipient: z.string(),
  type: z.string(),
  category: z.string(),
  /** Masked in lists, unless they are asked to reveal it: `a•••@example.org`. */
  destination: z.string(),
  status: z.enum(deliveryStates),
  /** Set exactly when it failed. */
  failure: z.enum(failures).nullable(),
  provider: z.string().nullable(),
  provider_message_id: z.string().nullable(),
  retries: z.number().int(),
  error: z.string().nullable(),
  /** The provider's own code for the error. */
  error_code: z.string().nullable(),
  template: templateRefSchema,
  next_attempt_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  sent_at: z.string().nullable(),
  /** The first time by a person, as far as that can be told; null also where it is not tracked. */
  opened_at: z.string().nullable(),
  clicked_at: z.string().nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** One delivery with what was sent, each attempt and each receipt. */
export const deliveryDetailSchema = deliverySchema.extend({
  /** What the provider was given: subject, html and text of an email, text of an SMS. */
  content: z.record(z.string(), z.unknown()),
  attempts: z.array(attemptSchema),
  receipts: z.array(deliveryReceiptSchema),
  /** Its opens and clicks, the first fifty of them. */
  engagement: z.array(emailEngagedSchema.omit({ delivery_id: true })),
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
  status: 'delivered',
  failure: null,
  provider: 'smtp',
  provider_message_id: '<019aa5e5-8f00-8c00-8000-000000000003@carillon>',
  retries: 0,
  error: null,
  error_code: null,
  template: { key: 'invoice_issued', version: 1, locale: 'en' },
  next_attempt_at: null,
  created_at: '2026-11-21T09:30:00.000Z',
  updated_at: '2026-11-21T09:30:01.000Z',
  sent_at: '2026-11-21T09:30:01.000Z',
  opened_at: '2026-11-21T09:34:10.000Z',
  clicked_at: null,
};
const exampleDetail: DeliveryDetail = {
  ...exampleDelivery,
  destination: 'amina@example.org',
  content: { subject: 'Invoice INV-1001', text: 'A new invoice …', html: '<p>A new invoice …</p>' },
  engagement: [{ kind: 'opened', link: null, by: 'person', at: '2026-11-21T09:34:10.000Z' }],
  attempts: [
    {
      number: 1,
      provider: 'smtp',
      outcome: 'accepted',
      error: null,
      error_code: null,
      provider_message_id: exampleDelivery.provider_message_id,
      started_at: '2026-11-21T09:30:00.800Z',
      finished_at: '2026-11-21T09:30:01.000Z',
    },
  ],
  receipts: [
    {
      attempt: 1,
      provider: 'smtp',
      provider_message_id: exampleDelivery.provider_message_id,
      says: 'delivered',
      error: null,
      error_code: null,
      at: '2026-11-21T09:30:04.000Z',
      received_at: '2026-11-21T09:30:04.300Z',
    },
  ],
};

const sender = ({ channel }: { channel: SentChannel }) => `${channel}-sender`;
const ofChannel = z.object({ tenant: z.string(), channel: z.enum(sentChannels) });

const text = z.string().min(1).max(512).superRefine(refuseUnstorable);

/** Which deliveries are meant; each member has an index, but `q`, which reads what the others leave. */
export const deliveryFilterSchema = z.strictObject({
  status: z.enum(deliveryStates).optional(),
  failure: z.enum(failures).optional().describe('Why it failed'),
  type: text.optional(),
  category: text.optional(),
  recipient: text.optional(),
  notification_id: uuidSchema.optional(),
  destination: text.optional().describe('The whole address: amina@example.org, +254711000111'),
  provider: text.optional().describe('The provider that was asked last, by its name'),
  provider_message_id: text.optional().describe('What a provider calls the message, at any attempt'),
  template: text.optional().describe('Key of the template'),
  template_version: z.coerce.number().int().min(0).max(2_147_483_647).optional().describe('Together with `template`'),
  experiment: text.optional(),
  variant: text.optional(),
  error_code: text.optional().describe('The provider’s own code, such as 550 or 21211'),
  created_from: timestampSchema.optional().describe('Of events at or after'),
  created_to: timestampSchema.optional().describe('Of events before'),
  since: timestampSchema.optional().describe('The same as `created_from`'),
  q: z
    .string()
    .trim()
    .min(2, 'must be at least 2 characters')
    .max(200)
    .superRefine(refuseUnstorable)
    .optional()
    .describe('Part of the recipient, the address, the subject, the error or the provider’s id, in any case'),
});
export type DeliveryFilter = z.infer<typeof deliveryFilterSchema>;

const listRequest = ofChannel.extend({
  filter: deliveryFilterSchema,
  limit: z.number().int().min(1).max(100),
  /** The id after which to go on (exclusive). */
  after: uuidSchema.nullable(),
  /** Show destinations in full. */
  reveal: z.boolean().optional(),
});

/** Newest first, destinations masked unless they are to be revealed. */
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
  summary: 'One delivery with its content, attempts and receipts.',
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

/** Takes back a delivery that waits for another attempt. Errors: 404; 409 `not_cancellable` naming its state. */
export const cancelDelivery = defineRpc<z.infer<typeof getRequest>, DeliveryDetail>({
  name: 'delivery.deliveries.cancel.v1',
  service: sender,
  summary: 'Cancels a delivery that waits for another attempt.',
  request: getRequest,
  response: deliveryDetailSchema,
  example: {
    request: { tenant: 'default', channel: 'email', id: exampleDelivery.id },
    response: { ...exampleDetail, status: 'cancelled' },
  },
});

/** How many deliveries one request has tried again at most. */
export const mostRetried = 10_000;

const retryManyRequest = ofChannel.extend({
  filter: deliveryFilterSchema,
  limit: z.number().int().min(1).max(mostRetried),
});
export const retriedSchema = z.object({
  /** How many are tried again. */
  retried: z.number().int(),
  /** Whether there are more that match: ask again. */
  more: z.boolean(),
});

/** Has all failed or uncertain deliveries that match tried again at once, the newest first. Repeated, it finds only the others. */
export const retryDeliveries = defineRpc<z.infer<typeof retryManyRequest>, z.infer<typeof retriedSchema>>({
  name: 'delivery.deliveries.retry_many.v1',
  service: sender,
  summary: 'Tries all failed or uncertain deliveries that match a filter again.',
  request: retryManyRequest,
  response: retriedSchema,
  example: {
    request: { tenant: 'default', channel: 'sms', filter: { failure: 'technical' }, limit: 1000 },
    response: { retried: 412, more: false },
  },
});

export const statsGroups = ['status', 'type', 'category', 'provider', 'template', 'error_code'] as const;
export const statsIntervals = ['hour', 'day'] as const;

const statsRequest = ofChannel.extend({
  filter: deliveryFilterSchema,
  group_by: z.enum(statsGroups),
  interval: z.enum(statsIntervals),
});
const counts = z.record(z.string(), z.number().int());
export const deliveryStatsSchema = z.object({
  from: z.string(),
  to: z.string(),
  interval: z.enum(statsIntervals),
  group_by: z.enum(statsGroups),
  total: z.number().int(),
  by_status: counts,
  /** How many a person opened, and clicked in; only emails tell. */
  opened: z.number().int(),
  clicked: z.number().int(),
  /** The largest first. A template is named with its version: `invoice_issued@3`; null: none. */
  groups: z.array(
    z.object({
      group: z.string().nullable(),
      total: z.number().int(),
      by_status: counts,
      opened: z.number().int(),
      clicked: z.number().int(),
    }),
  ),
  /** For each interval (UTC) with deliveries, oldest first: how many of each group. */
  series: z.array(z.object({ at: z.string(), total: z.number().int(), groups: counts })),
});
export type DeliveryStats = z.infer<typeof deliveryStatsSchema>;

/** Errors: 422 `invalid_period` for a period that is too long or ends before it begins. */
export const deliveryStats = defineRpc<z.infer<typeof statsRequest>, DeliveryStats>({
  name: 'delivery.deliveries.stats.v1',
  service: sender,
  summary: 'How many deliveries of a channel there were, by group and over time.',
  request: statsRequest,
  response: deliveryStatsSchema,
  example: {
    request: { tenant: 'default', channel: 'email', filter: {}, group_by: 'type', interval: 'day' },
    response: {
      from: '2026-11-14T10:00:00.000Z',
      to: '2026-11-21T10:00:00.000Z',
      interval: 'day',
      group_by: 'type',
      total: 3,
      by_status: { delivered: 2, failed: 1 },
      opened: 1,
      clicked: 0,
      groups: [
        { group: 'invoice_issued', total: 2, by_status: { delivered: 2 }, opened: 1, clicked: 0 },
        { group: 'payment_received', total: 1, by_status: { failed: 1 }, opened: 0, clicked: 0 },
      ],
      series: [{ at: '2026-11-21T00:00:00.000Z', total: 3, groups: { invoice_issued: 2, payment_received: 1 } }],
    },
  },
});
