import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { channels, priorities } from '../../words.ts';
import { frequencies, quietHoursSchema } from '../preferences/index.ts';

/** What can decide about a channel; the order among them is written down at `decide`. */
export const decisionRules = [
  'mandatory',
  'suppressed',
  'muted',
  'type_preference',
  'category_preference',
  'channel_preference',
  'tenant_default',
  'requested',
  'catalog_default',
  'expired',
  'no_contact',
  'throttled',
  'frequency',
  'batch',
  'quiet_hours',
] as const;

/** A switch at one level; null where nothing is set there. */
const switchSchema = z.boolean().nullable();

/** The facts that the rules looked at; no address is among them. */
export const decisionInputsSchema = z.object({
  mandatory: z.boolean(),
  priority: z.enum(priorities),
  /** Whether the channel has a contact that may be used. */
  contact: z.enum(['usable', 'suppressed', 'none']),
  /** The recipient’s switches. */
  type_preference: switchSchema,
  category_preference: switchSchema,
  channel_preference: switchSchema,
  /** The tenant’s own switch, the most specific one that is set. */
  tenant_default: switchSchema,
  /** Whether the event named its channels. */
  requested: z.boolean(),
  /** RFC 3339; the moment that the times below were compared with. Left out, as they are, where no rule looked at a time. */
  at: z.string().optional(),
  expires_at: z.string().optional(),
  muted_until: z.string().optional(),
  frequency: z.enum(frequencies).optional(),
  quiet_hours: quietHoursSchema.nullable().optional(),
  /** The recipient’s IANA zone. */
  time_zone: z.string().optional(),
  /** What the channel had already waited for. */
  waited: z.enum(['quiet_hours', 'frequency', 'batch']).optional(),
  /** With which similar ones it waits. */
  batch: z.object({ key: z.string(), mode: z.string(), window_ms: z.number() }).optional(),
  throttle: z.object({ max: z.number(), window_ms: z.number() }).optional(),
});
export type DecisionInputs = z.infer<typeof decisionInputsSchema>;

/** Why one channel was chosen or dropped. */
export const channelDecisionSchema = z.object({
  channel: z.enum(channels),
  /**
   * `defer`: decided again at `until`; `digest`: waits until about then and is sent together with others; `batch`: the same with
   * similar ones.
   */
  outcome: z.enum(['send', 'drop', 'defer', 'digest', 'batch']),
  rule: z.enum(decisionRules),
  /** The rule in words, with what it looked at. */
  reason: z.string(),
  until: z.string().optional(),
  /** Decisions of an earlier version lack it. */
  inputs: decisionInputsSchema.optional(),
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
  /** When its event was cancelled; what had not been sent by then was not. */
  cancelled_at: z.string().nullable().optional(),
  channels: z.array(channelDecisionSchema),
});
export type Decision = z.infer<typeof decisionSchema>;

const exampleInputs = {
  mandatory: false,
  priority: 'normal',
  type_preference: null,
  category_preference: null,
  channel_preference: null,
  tenant_default: null,
  requested: false,
} satisfies Partial<DecisionInputs>;

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
          inputs: { ...exampleInputs, contact: 'usable' },
        },
        {
          channel: 'sms',
          outcome: 'drop',
          rule: 'no_contact',
          reason: 'parent-17 has no sms contact',
          inputs: { ...exampleInputs, contact: 'none' },
        },
      ],
    },
  },
});
