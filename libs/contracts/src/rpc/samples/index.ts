import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { refuseUnstorable } from '../../validate.ts';
import { jsonObjectSchema } from '../../words.ts';

/** How long the sample data of a type may be, in characters of JSON. */
export const longestSample = 50_000;

/** The body of `PUT /v1/admin/samples/{type}`. */
export const sampleInputSchema = z.strictObject({
  /** What an event of the type would bring. It is shown to every admin, so let it be about nobody. */
  data: jsonObjectSchema
    .superRefine(refuseUnstorable)
    .refine((data) => JSON.stringify(data).length <= longestSample, `must have at most ${longestSample} characters`),
});

export const sampleSchema = z.object({
  type: z.string(),
  data: jsonObjectSchema,
  /** `tenant`: your own; `system`: Carillon's; `none`: nobody has written any. */
  origin: z.enum(['tenant', 'system', 'none']),
});
export type Sample = z.infer<typeof sampleSchema>;

const ofType = z.object({ tenant: z.string(), type: z.string() });
const example: Sample = {
  type: 'invoice_issued',
  data: { invoice_number: 'INV-1001', amount: 12500, currency: 'KES', due_date: '2026-12-01' },
  origin: 'system',
};
const exampleRequest = { tenant: 'default', type: 'invoice_issued' };

export const getSample = defineRpc<z.infer<typeof ofType>, Sample>({
  name: 'renderer.samples.get.v1',
  service: 'template-renderer',
  summary: 'The sample data of a type: the tenant’s own, otherwise Carillon’s.',
  request: ofType,
  response: sampleSchema,
  example: { request: exampleRequest, response: example },
});

const putRequest = ofType.extend({ data: jsonObjectSchema });
export const putSample = defineRpc<z.infer<typeof putRequest>, Sample>({
  name: 'renderer.samples.put.v1',
  service: 'template-renderer',
  summary: 'Keeps the tenant’s own sample data of a type.',
  request: putRequest,
  response: sampleSchema,
  example: { request: { ...exampleRequest, data: example.data }, response: { ...example, origin: 'tenant' } },
});

/** Repeated, it changes nothing. */
export const deleteSample = defineRpc<z.infer<typeof ofType>, Sample>({
  name: 'renderer.samples.delete.v1',
  service: 'template-renderer',
  summary: 'Forgets the tenant’s own sample data of a type; the answer is what is used from now on.',
  request: ofType,
  response: sampleSchema,
  example: { request: exampleRequest, response: example },
});
