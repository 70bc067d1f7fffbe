import { z } from 'zod';

/** A time and an id as all examples have them that nobody has chosen. */
const time = '2026-11-21T09:30:00.000Z';
const id = '01932f5c-7c00-8a3b-9d2e-4f6a8b0c1d2e';

/** What texts are called in answers, and what they may say there. */
const texts: Record<string, string> = {
  action: 'providers.put',
  api_key: 'ck_Q2hhbmdlIG1lIGJlZm9yZSB1c2U',
  audience: 'carillon',
  body: '{"recipient_id":"amina","amount":12500}',
  cancelled_at: time,
  code: 'invalid_provider',
  created_at: time,
  created_by: 'Amina Otieno',
  csrf_token: 'dGhlIHBhZ2UgdGhhdCBpdCBpcyBzaG93biBvbg',
  delivery_id: id,
  description: 'Our billing service',
  due_at: time,
  email: 'amina@example.org',
  error: 'must be a number',
  event: 'delivery.sent',
  events: 'delivery.sent',
  exchange: 'finance',
  expires_at: time,
  exported_at: time,
  id,
  ip: '203.0.113.7',
  issuer: 'https://id.example.org/',
  key: 'ck_Q2hhbmdlIG1lIGJlZm9yZSB1c2U',
  kid: 'app-2026',
  message: 'nothing uses it',
  mjml: '<mjml><mj-body><mj-section><mj-column>[[body]]</mj-column></mj-section></mj-body></mjml>',
  name: 'Amina Otieno',
  notification_id: id,
  parked_at: time,
  path: 'types.lesson_scheduled',
  prefix: 'ck_Q2hhbm',
  recipient: 'amina',
  request_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  role: 'owner',
  routing_key: 'payment.received',
  secret: 'whsec_c2hvd24gdGhpcyBvbmNlIGFuZCBuZXZlciBhZ2Fpbg==',
  stage: 'preferences',
  target: 'providers/email/smtp',
  tenant: 'default',
  text: 'Reception is open from 8 to 4.',
  timer_id: 'lesson_reminder/17',
  title: 'The event is not valid',
  token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbWluYSJ9.c2lnbmF0dXJl',
  type: 'lesson_scheduled',
  updated_by: 'Amina Otieno',
  used_by: 'welcome.email.en',
  url: 'https://example.org/hooks/carillon',
};

/**
 * What a part of an answer may be, by its type and by what it is called; undefined for a text with a name that says nothing here.
 * @param part the schema of the part, which consists of nothing else
 */
export function usualValue(part: z.core.$ZodType, name: string | undefined): unknown {
  if (part instanceof z.ZodBoolean) return false;
  if (part instanceof z.ZodNumber) return name === 'status' ? 200 : 1;
  if (part instanceof z.ZodEnum) return part.options[0];
  if (part instanceof z.ZodLiteral) return part.value;
  if (part instanceof z.ZodNull) return null;
  if (part instanceof z.ZodUnknown || part instanceof z.ZodRecord) return {};
  const { format } = part._zod.def as { format?: string };
  if (format === 'datetime') return time;
  if (format === 'uuid' || format === 'guid') return id;
  return name !== undefined && part instanceof z.ZodString ? texts[name] : undefined;
}
