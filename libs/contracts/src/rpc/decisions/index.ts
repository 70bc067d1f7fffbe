import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { channels, priorities } from '../../words.ts';

export const decisionRules = [
  'mandatory',
  'type_preference',
  'category_preference',
  'channel_preference',
  'quiet_hours',
  'requested',
  'catalog_default',
  'no_contact',
  'expired',
] as const;

/** Why one channel was chosen or dropped. */
export const channelDecisionSchema = z.object({
  channel: z.enum(channels),
  /** `defer`: decided again at `until`. */
  outcome: z.enum(['send', 'drop', 'defer']),
  rule: z.enum(decisionRules),
  /** The rule in words, with what it looked at. */
  reason: z.string(),
  until: z.string().optional(),
});
export type ChannelDecision = z.infer<typeof channelDecisionSchema>;

export const decisionSchema = z.object({
  notification_id: z.string(),
  event_id: z.string(),
  event_type: z.string(),
  event_source: z.string(),
  recipient: z.string(),
  type: z.string(),
  category: z.string(),
  priority: z.enum(priorities),
  created_at: z.string(),
  channels: z.array(channelDecisionSchema),
});
export type Decision = z.infer<typeof decisionSchema>;

const request = z.object({ tenant: z.string(), notification_id: z.string() });

/** The record of why each channel was chosen or dropped. Errors: 404. */
export const getDecision = defineRpc<z.infer<typeof request>, Decision>({
  name: 'preferences.decisions.get.v1',
  service: 'preferences',
  summary: 'The decision behind one notification.',
  request,
  response: decisionSchema,
  example: {
    request: { tenant: 'default', notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e' },
    response: {
      notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
      event_id: '019aa5e5-8f00-8a00-8000-000000000001',
      event_type: 'invoice.issued',
      event_source: '/finance',
      recipient: 'parent-17',
      type: 'invoice_issued',
      category: 'billing',
      priority: 'normal',
      created_at: '2026-11-21T09:30:00.000Z',
      channels: [
        {
          channel: 'in_app',
          outcome: 'send',
          rule: 'catalog_default',
          reason: 'invoice_issued is sent by in_app by default',
        },
        { channel: 'sms', outcome: 'drop', rule: 'no_contact', reason: 'parent-17 has no sms contact' },
      ],
    },
  },
});
