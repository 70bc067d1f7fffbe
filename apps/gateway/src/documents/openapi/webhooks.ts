import { publicOutcomes } from '@carillon/contracts';
import type { JsonSchema, JsonSchemas } from '../schemas/json-schemas.ts';

const header = (name: string, description: string, schema: JsonSchema) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema,
});

/** As Standard Webhooks say. */
const headers = [
  header('webhook-id', 'The same whenever this fact is told again: remember it.', { type: 'string', format: 'uuid' }),
  header('webhook-timestamp', 'When this attempt was made, seconds since 1970.', { type: 'string' }),
  header('webhook-signature', 'One signature, or two while the secret is replaced: `v1,…`, separated by a space.', {
    type: 'string',
  }),
];

/** What is posted to the webhooks of tenants, by kind of fact (https://spec.openapis.org/oas/v3.1.1#oas-webhooks). */
export function webhooks(schemas: JsonSchemas): Record<string, object> {
  return Object.fromEntries(
    [...publicOutcomes.values()].map(({ key, summary, schema, example }) => [
      key,
      {
        post: {
          operationId: `told_${key.replace('.', '_')}`,
          tags: ['Webhooks'],
          summary,
          security: [],
          parameters: headers,
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  required: ['type', 'timestamp', 'data'],
                  properties: {
                    type: { const: key },
                    timestamp: { type: 'string', format: 'date-time' },
                    data: schemas.of(schema, 'output'),
                  },
                },
                example: { type: key, timestamp: '2026-11-21T09:30:01.000Z', data: example as object },
              },
            },
          },
          responses: {
            '2XX': { description: 'Taken. Everything else is tried again.' },
            '410': { description: 'Gone: the webhook is disabled.' },
          },
        },
      },
    ]),
  );
}
