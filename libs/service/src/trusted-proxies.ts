import { z } from 'zod';
import { parsePrivateAddresses } from './outbound/addresses.ts';

/** The setting of services that are reached through a proxy; give its value to `trustedProxies` of the service's options. */
export const trustedProxiesConfig = z.object({
  TRUSTED_PROXIES: z
    .string()
    .transform((text, context) => {
      const parsed = parsePrivateAddresses(text);
      if (parsed) return parsed;
      context.addIssue({ code: 'custom', message: 'must be addresses such as 10.1.0.0/16,127.0.0.1, or *' });
      return z.NEVER;
    })
    .optional()
    .describe(
      'Addresses of the proxies before the gateway, such as 10.1.0.0/16: what they say of the client’s address, host and protocol (X-Forwarded-For, -Host, -Proto) is taken. Unset: nobody’s word is',
    ),
});
