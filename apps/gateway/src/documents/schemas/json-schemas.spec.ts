import { describe, expect, it } from '@jest/globals';
import { deliverySchema, inboxFilterSchema } from '@carillon/contracts';
import { z } from 'zod';
import { JsonSchemas, type JsonSchema } from './json-schemas.ts';

const document = () => ({ components: { schemas: {} as Record<string, JsonSchema> } });

describe('zod schemas as JSON Schema', () => {
  it('become components under the name that the contracts give them', () => {
    const schemas = new JsonSchemas('draft-2020-12');
    const page = schemas.of(z.object({ data: z.array(deliverySchema) }), 'output');
    const finished = schemas.finish({ ...document(), page });
    expect(finished.page).toMatchObject({ properties: { data: { items: { $ref: '#/components/schemas/Delivery' } } } });
    expect(finished.components.schemas).toMatchObject({
      Delivery: { properties: { template: { $ref: '#/components/schemas/TemplateRef' } } },
      TemplateRef: {},
    });
  });

  it('are two components where input and output differ', () => {
    const schemas = new JsonSchemas('draft-2020-12');
    const input = schemas.of(inboxFilterSchema, 'input');
    const output = schemas.of(inboxFilterSchema, 'output');
    const finished = schemas.finish({ ...document(), input, output });
    expect(finished).toMatchObject({
      input: { $ref: '#/components/schemas/InboxFilterInput' },
      output: { $ref: '#/components/schemas/InboxFilter' },
    });
    expect(finished.components.schemas.InboxFilterInput).not.toHaveProperty('required');
    expect(finished.components.schemas.InboxFilter).toMatchObject({ required: ['status'] });
  });

  it('promise no more than the contract does', () => {
    const schemas = new JsonSchemas('draft-7');
    expect(schemas.of(z.object({ count: z.number().int(), at: z.iso.datetime() }), 'output')).toEqual({
      type: 'object',
      properties: { count: { type: 'integer' }, at: { type: 'string', format: 'date-time' } },
      required: ['count', 'at'],
    });
    expect(schemas.of(z.strictObject({ labels: z.record(z.string(), z.boolean()) }), 'input')).toEqual({
      type: 'object',
      properties: { labels: { type: 'object', additionalProperties: { type: 'boolean' } } },
      required: ['labels'],
      additionalProperties: false,
    });
  });
});
