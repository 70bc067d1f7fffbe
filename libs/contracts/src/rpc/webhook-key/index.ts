import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { sentChannels, type SentChannel } from '../deliveries/index.ts';

const request = z.object({ tenant: z.string(), channel: z.enum(sentChannels), name: z.string() });
const response = z.object({
  /** `twilio`, `mailgun`, … */
  kind: z.string(),
  /** Which secret it is, and the secret as it was sealed for (tenant, name, field); null: the provider has none. */
  field: z.string(),
  sealed: z.string().nullable(),
});

/** What webhooks of a provider that a tenant has configured are known by. Errors: 404. */
export const getWebhookKey = defineRpc<z.infer<typeof request>, z.infer<typeof response>>({
  name: 'delivery.providers.webhook_key.v1',
  service: ({ channel }: { channel: SentChannel }) => `${channel}-sender`,
  summary: 'The sealed secret by which the webhooks of a tenant’s provider are known to be genuine.',
  request,
  response,
  example: {
    request: { tenant: 'default', channel: 'sms', name: 'twilio-kenya' },
    response: { kind: 'twilio', field: 'auth_token', sealed: 's1.2026.c2VhbGVk' },
  },
});
