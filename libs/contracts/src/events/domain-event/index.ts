import { z } from 'zod';
import { defineEvent } from '../../define.ts';

/** Whatever comes through the front door: the data is the domain's own. */
export const domainEvent = defineEvent<unknown>({
  type: 'domain.event',
  exchange: 'events',
  key: '#',
  lanes: false,
  open: true,
  summary: 'Something happened in a domain service, in its own words.',
  schema: z.unknown(),
  example: {
    recipient_id: 'parent-17',
    invoice_number: 'INV-1001',
    amount: 12500,
    currency: 'KES',
    due_date: '2026-12-01',
  },
});
