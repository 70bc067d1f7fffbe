import { defaultTenant, tenantSchema } from '@carillon/contracts';
import type { CommonConfig } from '@carillon/service';
import { z } from 'zod';
import { areOrigins } from './realtime/origins.ts';

export const configSchema = z.object({
  DEV_API_KEY: z
    .string()
    .regex(/^ck_[A-Za-z0-9_-]{22,}$/, 'must be "ck_" and at least 22 random characters')
    .optional()
    .describe('An API key with every scope, registered at start; for development and the first steps'),
  DEV_TENANT: tenantSchema.default(defaultTenant).describe('The tenant that DEV_API_KEY belongs to'),
  RECIPIENT_TOKEN_TTL: z.coerce
    .number()
    .int()
    .min(60)
    .max(86_400)
    .default(3_600)
    .describe('Life of a minted recipient token in seconds'),
  REALTIME_ORIGINS: z
    .string()
    .refine(areOrigins, 'must be origins such as https://app.example.org, separated by commas, or *')
    .optional()
    .describe(
      'Origins of web pages that may open a WebSocket, separated by commas; `*` allows all. Unset: only pages of the gateway’s own host. What is no browser sends no origin and always may',
    ),
});
export type GatewayConfig = Readonly<CommonConfig & z.infer<typeof configSchema>>;
