import { z } from 'zod';

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
});
export type Config = Readonly<z.infer<typeof configSchema>>;
