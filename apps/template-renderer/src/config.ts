import { z } from 'zod';
import { smsPricesSchema } from './rendering/sms-prices.ts';

/** The template-renderer's own environment variables. */
export const configSchema = z.object({
  BRAND_NAME: z.string().max(100).default('Carillon').describe('Who the messages are from, as people know you'),
  SITE_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address such as https://app.example.org' })
    .default('http://localhost:3000')
    .transform((url) => url.replace(/\/+$/, ''))
    .describe('Your site; links that begin with "/" are completed with it'),
  SUPPORT_EMAIL: z
    .email({ error: 'must be an email address such as help@example.org' })
    .optional()
    .describe('Where people can write for help, named in emails'),
  SMS_PRICE_PER_SEGMENT: smsPricesSchema
    .optional()
    .describe(
      'What an SMS costs, shown in previews: a price, or prices by the beginning of the number such as {"+254":0.8,"*":2}',
    ),
  SMS_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be a currency such as KES')
    .default('USD')
    .describe('The currency of SMS_PRICE_PER_SEGMENT'),
});
export type Config = Readonly<z.infer<typeof configSchema>>;
