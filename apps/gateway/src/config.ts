import { defaultTenant, tenantSchema } from '@carillon/contracts';
import type { CommonConfig } from '@carillon/service';
import { z } from 'zod';

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
});
export type GatewayConfig = Readonly<CommonConfig & z.infer<typeof configSchema>>;
