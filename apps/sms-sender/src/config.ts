import { deliveryConfig, uncertainPolicySchema } from '@carillon/delivery';
import type { CommonConfig } from '@carillon/service';
import { z } from 'zod';
import { defaultBody } from './custom-http/custom-http-provider.ts';
import { outcomesSchema, outcomeWords } from './custom-http/outcomes.ts';
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

export const smsKindNames = ['africastalking', 'twilio', 'custom'] as const;
export type SmsKind = (typeof smsKindNames)[number];

/** `254=SCHOOL,1=+15005550006`. */
const senderIds = z
  .string()
  .default('')
  .transform((text, context): Readonly<Record<string, string>> => {
    const pairs = text.split(',').filter((part) => part.trim() !== '');
    const parsed = pairs.map((part) => /^\s*([1-9]\d{0,6})=(\S{1,40})\s*$/.exec(part));
    if (parsed.every((match) => match !== null)) return Object.fromEntries(parsed.map(([, code, id]) => [code, id]));
    context.addIssue({
      code: 'custom',
      message: 'must be calling code=sender id pairs, such as 254=SCHOOL,256=SCHOOLUG',
    });
    return z.NEVER;
  })
  .describe('Other sender ids by the first digits of the number, such as 254=SCHOOL; the longest match counts');

/** `254=5000,*=0`. */
const countries = z
  .string()
  .default('')
  .transform((text, context): Readonly<Record<string, number>> | undefined => {
    const pairs = text.split(',').filter((part) => part.trim() !== '');
    const parsed = pairs.map((part) => /^\s*([1-9]\d{0,6}|\*)=(\d{1,9})\s*$/.exec(part));
    if (pairs.length === 0) return undefined;
    if (parsed.every((match) => match !== null))
      return Object.fromEntries(parsed.map(([, code, most]) => [code, Number(most)]));
    context.addIssue({ code: 'custom', message: 'must be calling code=messages pairs, such as 254=5000,*=0' });
    return z.NEVER;
  })
  .describe(
    'SMS a day (UTC) at most by calling code, for each tenant that has set no caps of its own; * is every other country, 0 refuses it: 254=5000,*=0. Unset: no cap',
  );

/** The environment of the SMS sender, beside what every service and every sender has. */
export const config = deliveryConfig.extend({
  // A second SMS costs money, shows twice and may carry an outdated code; no vendor here recognises a repeated one.
  UNCERTAIN_POLICY: uncertainPolicySchema('*=look_up'),
  SMS_PROVIDER: z
    .string({ error: 'must be africastalking, twilio, custom, several of them in order, or none' })
    .transform((text, context): readonly SmsKind[] => {
      const named = text.split(',').map((part) => part.trim());
      const known = named.filter((name): name is SmsKind => (smsKindNames as readonly string[]).includes(name));
      if (text.trim() === 'none') return [];
      if (known.length === named.length && new Set(known).size === known.length) return known;
      context.addIssue({
        code: 'custom',
        message:
          'must be africastalking, twilio or custom, several of them in order, such as africastalking,twilio, or none',
      });
      return z.NEVER;
    })
    .describe(
      'Which providers send the SMS of tenants without providers of their own: africastalking, twilio, custom; several in the order in which they are asked, such as africastalking,twilio; none where every tenant has its own',
    ),
  SMS_SENDER_IDS: senderIds,
  CAP_COUNTRIES_PER_DAY: countries,
  AFRICASTALKING_USERNAME: z.string().optional().describe('Africa’s Talking: name of the app, or sandbox'),
  AFRICASTALKING_API_KEY: z.string().optional().describe('Africa’s Talking: API key'),
  AFRICASTALKING_FROM: z.string().optional().describe('Africa’s Talking: registered sender id or short code'),
  AFRICASTALKING_URL: baseUrl('Africa’s Talking: another base URL than the vendor’s, for development'),
  TWILIO_ACCOUNT_SID: z.string().regex(/^AC/, 'must begin with AC').optional().describe('Twilio: account SID'),
  TWILIO_AUTH_TOKEN: z.string().optional().describe('Twilio: auth token'),
  TWILIO_FROM: z.string().optional().describe('Twilio: number or sender id, or a messaging service (MG…)'),
  TWILIO_URL: baseUrl('Twilio: another base URL than the vendor’s, for development'),
  CUSTOM_SMS_URL: baseUrl('Custom provider: where each SMS is posted'),
  CUSTOM_SMS_HEADERS: json(z.record(z.string(), z.string()), '{"authorization":"Bearer secret"}')
    .default({})
    .describe('Custom provider: headers of each request, as a JSON object'),
  CUSTOM_SMS_BODY: json(z.json() as z.ZodType<Json>, defaultBody)
    .default(JSON.parse(defaultBody) as Json)
    .describe('Custom provider: JSON body with the placeholders {to}, {text}, {from} and {delivery_id}'),
  CUSTOM_SMS_FORMAT: z.enum(['json', 'form']).default('json').describe('Custom provider: how the body is written'),
  CUSTOM_SMS_STATUS_PATH: z
    .string()
    .optional()
    .describe('Custom provider: where the answer says what became of the message, such as data.0.status'),
  CUSTOM_SMS_OUTCOMES: json(outcomesSchema, '{"queued":"accepted","no_credit":"retryable_technical","*":"permanent"}')
    .default({})
    .describe(
      `Custom provider: what that means, as a JSON object; also by http_422. The meanings are ${outcomeWords.join(', ')}`,
    ),
  CUSTOM_SMS_ID_PATH: z
    .string()
    .default('id')
    .describe('Custom provider: where the answer names the message, such as data.0.id'),
});

export type Config = z.infer<typeof config> & Pick<CommonConfig, 'PUBLIC_URL'>;
