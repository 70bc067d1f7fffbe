import { z } from 'zod';
import { defineRpc } from '../../define.ts';

const request = z.object({ tenant: z.string(), delivery_id: z.string(), link: z.number().int().min(0) });
const response = z.object({ url: z.string() });

/** Where a link of an email leads, as it stands in the email that is kept. Errors: 404 where it is not kept (any more). */
export const getEmailLink = defineRpc<z.infer<typeof request>, z.infer<typeof response>>({
  name: 'delivery.links.get.v1',
  service: 'email-sender',
  summary: 'Where a link of an email leads.',
  request,
  response,
  example: {
    request: { tenant: 'default', delivery_id: '019aa5e5-8f00-8c00-8000-000000000003', link: 0 },
    response: { url: 'https://school.example/invoices/7' },
  },
});
