import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { sentChannels, type SentChannel } from '../deliveries/index.ts';
import { callingCodeSchema } from '../providers/index.ts';

const most = z.number().int().min(0).max(1_000_000_000).nullable().optional();

/** How much a tenant may send on a channel. Null: no cap; left out: as the installation says. */
export const capsSchema = z.strictObject({
  per_recipient_hour: most.describe('Messages to one recipient in an hour (UTC) at most'),
  per_recipient_day: most.describe('Messages to one recipient in a day (UTC) at most'),
  per_day: most.describe('Messages of the tenant in a day (UTC) at most'),
  countries_per_day: z
    .record(z.union([callingCodeSchema, z.literal('*')]), z.number().int().min(0).max(1_000_000_000))
    .nullable()
    .optional()
    .describe(
      'SMS: messages in a day (UTC) at most by calling code, the longest match counts; `*` is every other country, 0 refuses it',
    ),
});
export type Caps = z.infer<typeof capsSchema>;

/** The caps of a tenant and what holds. */
export const capsViewSchema = z.object({
  channel: z.enum(sentChannels),
  /** What the tenant has set. */
  own: capsSchema,
  /** What holds, with the installation's where the tenant has set nothing. */
  effective: capsSchema,
  /** What counts against the caps of the day so far. */
  used_today: z.object({ messages: z.number().int(), countries: z.record(z.string(), z.number().int()) }),
  updated_at: z.string().nullable(),
  updated_by: z.string().nullable(),
});
export type CapsView = z.infer<typeof capsViewSchema>;

const exampleCaps: Caps = { per_recipient_hour: 10, per_day: 5000, countries_per_day: { '254': 5000, '*': 0 } };
const exampleView: CapsView = {
  channel: 'sms',
  own: exampleCaps,
  effective: { ...exampleCaps, per_recipient_day: null },
  used_today: { messages: 412, countries: { '254': 412 } },
  updated_at: '2026-11-21T09:30:00.000Z',
  updated_by: 'console',
};

const sender = ({ channel }: { channel: SentChannel }) => `${channel}-sender`;
const getRequest = z.object({ tenant: z.string(), channel: z.enum(sentChannels) });

/** How much a tenant may send on a channel, and has sent today. */
export const getCaps = defineRpc<z.infer<typeof getRequest>, CapsView>({
  name: 'delivery.caps.get.v1',
  service: sender,
  summary: 'The caps of a channel and what counts against them today.',
  request: getRequest,
  response: capsViewSchema,
  example: { request: { tenant: 'default', channel: 'sms' }, response: exampleView },
});

const putRequest = getRequest.extend({ caps: capsSchema, updated_by: z.string() });

/** Replaces the caps of a tenant. Errors: 422 `invalid_caps` for countries of a channel that has none. */
export const putCaps = defineRpc<z.infer<typeof putRequest>, CapsView>({
  name: 'delivery.caps.put.v1',
  service: sender,
  summary: 'Replaces the caps of a channel.',
  request: putRequest,
  response: capsViewSchema,
  example: {
    request: { tenant: 'default', channel: 'sms', caps: exampleCaps, updated_by: 'console' },
    response: exampleView,
  },
});
