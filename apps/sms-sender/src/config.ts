import { deliveryConfig, uncertainPolicySchema } from '@carillon/delivery';
import { z } from 'zod';
import type { Json } from './custom-http/template.ts';

const baseUrl = (about: string) =>
  z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://sms.example.org' })
    .optional()
    .describe(about);

function json<T>(schema: z.ZodType<T>, example: string) {
  return z.string().transform((text, context): T => {
    try {
      const result = schema.safeParse(JSON.parse(text));
      if (result.success) return result.data;
    } catch {
      // Falls through to the issue, which shows what it should look like.
    }
    context.addIssue({ code: 'custom', message: `must be JSON such as ${example}` });
    return z.NEVER;
  });
}

export const defaultBody = '{"to":"{to}","text":"{text}","reference":"{delivery_id}"}';

/** The environment of the SMS sender, beside what every service and every sender has. */
export const config = deliveryConfig.extend({
  // A second SMS costs money, shows twice and may carry an outdated code; no vendor here recognises a repeated one.
  UNCERTAIN_POLICY: uncertainPolicySchema('*=look_up'),
  SMS_PROVIDER: z
    .enum(['africastalking', 'twilio', 'custom'], { error: 'must be africastalking, twilio or custom' })
    .describe('Which provider sends SMS'),
  AFRICASTALKING_USERNAME: z.string().optional().describe('Africa’s Talking: name of the app, or sandbox'),
  AFRICASTALKING_API_KEY: z.string().optional().describe('Africa’s Talking: API key'),
  AFRICASTALKING_FROM: z.string().optional().describe('Africa’s Talking: registered sender id or short code'),
  AFRICASTALKING_URL: baseUrl('Africa’s Talking: another base URL than the vendor’s, for development'),
  TWILIO_ACCOUNT_SID: z.string().regex(/^AC/, 'must begin with AC').optional().describe('Twilio: account SID'),
  TWILIO_AUTH_TOKEN: z.string().optional().describe('Twilio: auth token'),
  TWILIO_FROM: z.string().optional().describe('Twilio: number or sender id, or a messaging service (MG…)'),
  TWILIO_URL: baseUrl('Twilio: another base URL than the vendor’s, for development'),
  CUSTOM_SMS_URL: baseUrl('Custom provider: where each SMS is posted as JSON'),
  CUSTOM_SMS_HEADERS: json(z.record(z.string(), z.string()), '{"authorization":"Bearer secret"}')
    .default({})
    .describe('Custom provider: headers of each request, as a JSON object'),
  CUSTOM_SMS_BODY: json(z.json() as z.ZodType<Json>, defaultBody)
    .default(JSON.parse(defaultBody) as Json)
    .describe('Custom provider: JSON body with the placeholders {to}, {text} and {delivery_id}'),
  CUSTOM_SMS_ID_PATH: z
    .string()
    .default('id')
    .describe('Custom provider: where the answer names the message, such as data.0.id'),
});

export type Config = z.infer<typeof config>;
