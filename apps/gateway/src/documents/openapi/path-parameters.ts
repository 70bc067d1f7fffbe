import { sentChannels } from '@carillon/contracts';
import type { JsonSchema } from '../schemas/json-schemas.ts';

/** The names that stand in paths, and what they mean there. */
const known: Record<string, { description: string; schema: JsonSchema }> = {
  id: { description: 'Its id. Another tenant’s is answered like one that does not exist.', schema: { type: 'string' } },
  key: {
    description:
      'Its key: of a part of the catalog such as `lesson_scheduled`, of a template such as `invoice_issued.email.sw`.',
    schema: { type: 'string' },
  },
  version: { description: 'The number of a version.', schema: { type: 'integer' } },
  type: { description: 'Key of a notification type, such as `invoice_issued`.', schema: { type: 'string' } },
  channel: { description: 'A channel whose deliveries are logged.', schema: { type: 'string', enum: sentChannels } },
  message: { description: 'The id of a message: its `webhook-id`.', schema: { type: 'string' } },
  name: { description: 'The name of a provider, chosen when it was made.', schema: { type: 'string' } },
  address: { description: 'An address on the channel, percent-encoded.', schema: { type: 'string' } },
  kid: { description: 'The name of a secret, as tokens have it in their header.', schema: { type: 'string' } },
  signed: { description: 'What the link of an email says, signed or sealed.', schema: { type: 'string' } },
  pixel: { description: 'The signed name of an email’s pixel, ending in `.gif`.', schema: { type: 'string' } },
  secret: { description: 'The secret that the gateway is set up with.', schema: { type: 'string' } },
  file: { description: 'A file of the page.', schema: { type: 'string' } },
};

/** The parameters of a path such as `/v1/events/{id}`. */
export function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    ...(known[name!] ?? { schema: { type: 'string' } }),
  }));
}
