import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { refuseUnstorable } from '../../validate.ts';
import { sentChannels, type SentChannel } from '../deliveries/index.ts';

/** How a provider is called in paths, logs, metrics and attempts. */
export const providerNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9, "-" and "_", starting with a letter or digit');

/** A country calling code, or a longer beginning of numbers: `254`, `25471`. */
export const callingCodeSchema = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'must be the first digits of numbers without "+", such as 254');

const settingsSchema = z
  .record(z.string().max(64), z.json())
  .superRefine(refuseUnstorable)
  .describe('What the kind of provider needs that is no secret');

/** The body of `PUT /v1/admin/providers/{channel}/{name}`. */
export const providerInputSchema = z.strictObject({
  kind: z.string().min(1).max(32).describe('smtp, mailgun or ses; africastalking, twilio or custom'),
  settings: settingsSchema.default({}),
  secrets: z
    .record(z.string().max(64), z.string().min(1).max(16_384).nullable())
    .superRefine(refuseUnstorable)
    .default({})
    .describe('Passwords and keys; one that is left out stays as it is, null removes it'),
  order: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('Lower ones are asked first; the next ones when they fail'),
  weight: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('Share of the deliveries among providers of the same order'),
  enabled: z.boolean().default(true),
  sender_ids: z
    .record(callingCodeSchema, z.string().min(1).max(40).superRefine(refuseUnstorable))
    .default({})
    .describe('SMS: the sender id by the first digits of the number, the longest match counts'),
  rate_per_second: z
    .number()
    .min(0.01)
    .max(100_000)
    .nullable()
    .default(null)
    .describe('Messages a second at most, all replicas together; null: no limit'),
  concurrency: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .nullable()
    .default(null)
    .describe('Attempts under way at once at most, for each replica; null: as the sender is set up'),
});
export type ProviderInput = z.infer<typeof providerInputSchema>;

export const breakerStates = ['closed', 'open', 'half_open'] as const;

/** Whether a provider is asked at present, as its replicas see it. */
export const breakerSchema = z.object({
  /** The worst that any replica sees. `open`: not asked; `half_open`: one message is tried. */
  state: z.enum(breakerStates),
  reason: z.string().nullable(),
  /** When it left `closed`. */
  since: z.string().nullable(),
  /** When it is tried again. */
  retry_at: z.string().nullable(),
  /** How many replicas see it so. */
  replicas: z.number().int(),
});
export type Breaker = z.infer<typeof breakerSchema>;

export const providerSchema = z.object({
  channel: z.enum(sentChannels),
  name: z.string(),
  kind: z.string(),
  /** `tenant`: configured by these routes; `installation`: by environment, for tenants without enabled providers of their own. */
  origin: z.enum(['tenant', 'installation']),
  settings: z.record(z.string(), z.unknown()),
  /** Which secrets are set, with the last four characters of long ones; the rest is never shown. */
  secrets: z.record(z.string(), z.object({ last4: z.string().nullable() })),
  order: z.number().int(),
  weight: z.number().int(),
  enabled: z.boolean(),
  /** Whether deliveries of the tenant go through it. */
  in_use: z.boolean(),
  sender_ids: z.record(z.string(), z.string()),
  rate_per_second: z.number().nullable(),
  concurrency: z.number().int().nullable(),
  /** Why it cannot be used as it is configured; null when it can. */
  problem: z.string().nullable(),
  breaker: breakerSchema,
  updated_at: z.string().nullable(),
  /** The name of the API key that changed it last. */
  updated_by: z.string().nullable(),
});
export type ProviderView = z.infer<typeof providerSchema>;

const exampleProvider: ProviderView = {
  channel: 'sms',
  name: 'twilio-kenya',
  kind: 'twilio',
  origin: 'tenant',
  settings: { account_sid: 'AC0123456789abcdef0123456789abcdef', from: '+15005550006' },
  secrets: { auth_token: { last4: '9f3c' } },
  order: 1,
  weight: 1,
  enabled: true,
  in_use: true,
  sender_ids: { '254': 'SCHOOL' },
  rate_per_second: 10,
  concurrency: null,
  problem: null,
  breaker: { state: 'closed', reason: null, since: null, retry_at: null, replicas: 0 },
  updated_at: '2026-11-21T09:30:00.000Z',
  updated_by: 'console',
};

const sender = ({ channel }: { channel: SentChannel }) => `${channel}-sender`;
const ofChannel = z.object({ tenant: z.string(), channel: z.enum(sentChannels) });
const named = ofChannel.extend({ name: z.string() });
const exampleNamed = { tenant: 'default', channel: 'sms' as const, name: 'twilio-kenya' };

/** All providers of a channel, in the order in which they are asked; the installation's last. */
export const listProviders = defineRpc<z.infer<typeof ofChannel>, { data: ProviderView[] }>({
  name: 'delivery.providers.list.v1',
  service: sender,
  summary: 'The providers of a channel.',
  request: ofChannel,
  response: z.object({ data: z.array(providerSchema) }),
  example: { request: { tenant: 'default', channel: 'sms' }, response: { data: [exampleProvider] } },
});

/** One provider. Errors: 404. */
export const getProvider = defineRpc<z.infer<typeof named>, ProviderView>({
  name: 'delivery.providers.get.v1',
  service: sender,
  summary: 'One provider of a channel.',
  request: named,
  response: providerSchema,
  example: { request: exampleNamed, response: exampleProvider },
});

const putRequest = named.extend({
  /** Its secrets are sealed for the sender: no broker sees them. */
  provider: providerInputSchema,
  /** Whether the provider is asked if it takes the credentials before anything is kept. */
  check: z.boolean(),
  updated_by: z.string(),
});

/**
 * Makes or replaces a provider of the tenant's own. Errors: 422 `invalid_provider` naming each field;
 * 422 `provider_refused` when the live check fails.
 */
export const putProvider = defineRpc<z.infer<typeof putRequest>, ProviderView & { created: boolean }>({
  name: 'delivery.providers.put.v1',
  service: sender,
  summary: 'Makes or replaces a provider of a tenant.',
  request: putRequest,
  response: providerSchema.extend({ created: z.boolean() }),
  example: {
    request: {
      ...exampleNamed,
      provider: {
        kind: 'twilio',
        settings: exampleProvider.settings as Record<string, string>,
        secrets: { auth_token: 's1.2026.c2VhbGVk' },
        order: 1,
        weight: 1,
        enabled: true,
        sender_ids: { '254': 'SCHOOL' },
        rate_per_second: 10,
        concurrency: null,
      },
      check: false,
      updated_by: 'console',
    },
    response: { ...exampleProvider, created: true },
  },
});

/** Takes a provider of the tenant's own away. Errors: 404. */
export const deleteProvider = defineRpc<z.infer<typeof named>, ProviderView>({
  name: 'delivery.providers.delete.v1',
  service: sender,
  summary: 'Removes a provider of a tenant.',
  request: named,
  response: providerSchema,
  example: { request: exampleNamed, response: exampleProvider },
});

export const providerCheckSchema = z.object({
  ok: z.boolean(),
  /** What the provider said to a question that sends nothing, in our words. */
  detail: z.string(),
});
export type ProviderCheck = z.infer<typeof providerCheckSchema>;

/** Asks a provider whether it takes the credentials; sends nothing. Errors: 404. */
export const checkProvider = defineRpc<z.infer<typeof named>, ProviderCheck>({
  name: 'delivery.providers.check.v1',
  service: sender,
  summary: 'Asks a provider whether it takes the credentials.',
  request: named,
  response: providerCheckSchema,
  example: { request: exampleNamed, response: { ok: true, detail: 'Twilio takes the credentials' } },
});
