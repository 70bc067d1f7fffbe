import { defaultTenant, tenantSchema } from '@carillon/contracts';
import {
  commonConfig,
  outboundConfig,
  secretsConfig,
  trustedProxiesConfig,
  type CommonConfig,
} from '@carillon/service';
import { z } from 'zod';
import { webhooksConfig } from './outbound-webhooks/config.ts';
import { emailSchema } from './members/member-input.ts';
import { areOrigins } from './origins/origin.ts';

const webhookSecret = z
  .string()
  .regex(/^[\w-]{20,200}$/, 'must be 20 to 200 of a-z, A-Z, 0-9, "-" and "_"; make one with: openssl rand -hex 24')
  .optional();

const perMinute = (most: number) => z.coerce.number().int().min(0).max(100_000_000).default(most);

export const configSchema = z.object({
  DEV_API_KEY: z
    .string()
    .regex(/^ck_[A-Za-z0-9_-]{22,}$/, 'must be "ck_" and at least 22 random characters')
    .optional()
    .describe('An API key with every scope, registered at start; for development and the first steps'),
  PLATFORM_API_KEY: z
    .string()
    .regex(/^ck_[A-Za-z0-9_-]{22,}$/, 'must be "ck_" and at least 22 random characters')
    .optional()
    .describe(
      'An API key that may create, suspend, export and erase tenants, and nothing else; another value at the next start takes its place',
    ),
  DEV_TENANT: tenantSchema
    .default(defaultTenant)
    .describe('The tenant that DEV_API_KEY, PLATFORM_API_KEY and the first owner belong to'),
  DATABASE_REQUESTS_POOL: commonConfig.shape.DATABASE_REQUESTS_POOL.unwrap()
    .default(4)
    .describe('Database connections of its requests at most, which are nearly all that it does'),
  RECIPIENT_TOKEN_TTL: z.coerce
    .number()
    .int()
    .min(60)
    .max(86_400)
    .default(3_600)
    .describe('Life of a minted recipient token in seconds'),
  TWILIO_AUTH_TOKEN: z
    .string()
    .optional()
    .describe('Twilio: auth token, by which its webhooks are known to be genuine; needs PUBLIC_URL'),
  AFRICASTALKING_WEBHOOK_SECRET: webhookSecret.describe('Africa’s Talking: the secret in the URLs of its webhooks'),
  MAILGUN_WEBHOOK_SIGNING_KEY: z
    .string()
    .optional()
    .describe('Mailgun: HTTP webhook signing key, by which its webhooks are known to be genuine'),
  BOUNCE_WEBHOOK_SECRET: webhookSecret.describe('The secret in the URL to which your mail server posts bounces'),
  OUTBOX_LIMIT_MB: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(512)
    .describe(
      'How much the outbox holds at most while RabbitMQ is away, MiB, one tenant half of it; beyond that events are refused with 503',
    ),
  FIRST_OWNER_EMAIL: emailSchema
    .optional()
    .describe(
      'Email of the first owner of the tenant DEV_TENANT, who is invited at every start until some owner has signed in',
    ),
  FIRST_OWNER_TOKEN: z
    .string()
    .regex(/^[\w-]{32,200}$/, 'must be 32 to 200 of a-z, A-Z, 0-9, "-" and "_"; make one with: openssl rand -hex 24')
    .optional()
    .describe(
      'Their invitation, which they accept at /admin#/invitation/<token>. Unset: they sign in with OpenID Connect',
    ),
  SESSION_IDLE_MINUTES: z.coerce
    .number()
    .int()
    .min(5)
    .max(10_080)
    .default(120)
    .describe('A session of the console that is not used ends after so many minutes'),
  SESSION_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(720)
    .default(12)
    .describe('A session of the console ends after so many hours, used or not'),
  OPENID_ISSUER: z
    .url({ protocol: /^https?$/, error: 'must be an address such as https://id.example.org' })
    .optional()
    .describe(
      'Identity provider with which members may sign in (OpenID Connect); needs OPENID_CLIENT_ID and PUBLIC_URL',
    ),
  OPENID_CLIENT_ID: z.string().optional().describe('What this installation is called there'),
  OPENID_CLIENT_SECRET: z.string().optional().describe('Its secret there. Unset: a public client, by PKCE alone'),
  OPENID_NAME: z.string().max(50).optional().describe('What the button for it says. Unset: the host of OPENID_ISSUER'),
  RATE_LIMIT_PER_KEY: perMinute(12_000).describe(
    'Requests a minute by one API key, or one member of a tenant, at most, all replicas together; 0: no limit',
  ),
  RATE_LIMIT_PER_RECIPIENT: perMinute(3_000).describe('The same by one recipient’s tokens'),
  RATE_LIMIT_PER_TENANT: perMinute(60_000).describe(
    'The same by all API keys and members of a tenant; all its recipients together may send as many again',
  ),
  RATE_LIMIT_WRONG_CREDENTIALS: perMinute(120).describe(
    'Wrong credentials (API keys, tokens, sessions, webhooks, invitations) of one address, or one IPv6 network of 64 bits, that are looked at a minute, all replicas together, and expired tokens of one recipient; 0: no limit',
  ),
  REQUEST_TIME_LIMIT_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(300_000)
    .default(20_000)
    .describe(
      'How long a request may take until it is answered, milliseconds; some that check templates have a minute',
    ),
  HEADERS_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(500)
    .max(60_000)
    .default(10_000)
    .describe('How long a client may take to send the headers of a request, milliseconds; a slower one is dropped'),
  BODY_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(500)
    .max(300_000)
    .default(30_000)
    .describe('The same for the whole request, its body included'),
  MAX_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(10)
    .max(1_000_000)
    .default(20_000)
    .describe('Connections of clients to one replica at most, WebSockets included; what is more is dropped'),
  ...secretsConfig.shape,
  ...outboundConfig.shape,
  ...trustedProxiesConfig.shape,
  ...webhooksConfig.shape,
  AUDIT_LOG_DAYS: z.coerce
    .number()
    .int()
    .min(31)
    .max(36_500)
    .default(730)
    .describe('Days that the audit log is kept; it goes by whole months'),
  REALTIME_ORIGINS: z
    .string()
    .refine(areOrigins, 'must be origins such as https://app.example.org, separated by commas, or *')
    .optional()
    .describe(
      'Origins of web pages that may use recipient tokens of every tenant, by HTTP and WebSocket, separated by commas; `*` allows all. They are added to the gateway’s own host and to those that each tenant allows itself',
    ),
});
export type GatewayConfig = Readonly<CommonConfig & z.infer<typeof configSchema>>;
