import { z } from 'zod';
import { templateRefSchema } from '../../content.ts';
import { defineEvent, type EventContract } from '../../define.ts';
import { channels } from '../../words.ts';

export const deliveryChangedSchema = z.object({
  delivery_id: z.string(),
  notification_id: z.string(),
  recipient: z.string(),
  channel: z.enum(channels),
  type: z.string(),
  category: z.string(),
  /** Which words it carries. */
  template: templateRefSchema.optional(),
  /** Which provider was asked last, by its configured name. */
  provider: z.string().nullable(),
  /** What the provider calls the message. */
  provider_message_id: z.string().nullable(),
  attempts: z.number().int(),
  /** Why it is not sent; never contains the message or the address. */
  error: z.string().nullable(),
  at: z.string(),
});
export type DeliveryChanged = z.infer<typeof deliveryChangedSchema>;

const example: DeliveryChanged = {
  delivery_id: '019aa5e5-8f00-8c00-8000-000000000003',
  notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  recipient: 'parent-17',
  channel: 'email',
  type: 'invoice_issued',
  category: 'billing',
  template: { key: 'invoice_issued', version: 1, locale: 'en' },
  provider: 'smtp',
  provider_message_id: '<019aa5e5-8f00-8c00-8000-000000000003@carillon>',
  attempts: 1,
  error: null,
  at: '2026-11-21T09:30:01.000Z',
};

function outcome(state: string, summary: string): EventContract<DeliveryChanged> {
  return defineEvent<DeliveryChanged>({
    type: `carillon.delivery.${state}.v1`,
    exchange: 'outcomes',
    key: `delivery.${state}`,
    lanes: false,
    summary,
    schema: deliveryChangedSchema,
    example,
  });
}

/** One public fact per state that a delivery can reach. */
export const deliveryOutcomes = {
  sent: outcome('sent', 'A provider accepted the message.'),
  delivered: outcome('delivered', 'The provider reports that the message arrived.'),
  retrying: outcome('retrying', 'An attempt failed for now; another one follows.'),
  failed: outcome('failed', 'The delivery failed for good.'),
  suppressed: outcome('suppressed', 'The address was suppressed before the message could be sent.'),
  cancelled: outcome('cancelled', 'It was taken back before it was sent.'),
  expired: outcome('expired', 'The deadline passed before the message could be sent.'),
  uncertain: outcome(
    'uncertain',
    'A crash or a lost connection left it unknown whether the provider took the message.',
  ),
} as const;
