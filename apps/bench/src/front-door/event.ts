import type { PublishOrder } from './orders.ts';

/** CloudEvents type of a request for everyone of a tenant. Both sides take Carillon's. */
export const audienceEvent = 'carillon.event.requested.v1';

/** Event number i of an order, as a structured CloudEvent. */
export function eventOf({ type, tenant, recipients }: PublishOrder, i: number) {
  const words = { title: `Maintenance window ${i}`, message: 'We are moving to a faster database.' };
  return {
    specversion: '1.0',
    id: String(i),
    source: '/bench',
    type,
    time: new Date().toISOString(),
    tenant,
    datacontenttype: 'application/json',
    data:
      type === audienceEvent
        ? { type: 'system_update', audience: { all: true }, data: words }
        : {
            recipient_id: `recipient-${i % recipients}`,
            ...words,
            starts_at: '2026-11-28T20:00:00Z',
            ends_at: '2026-11-28T22:00:00Z',
          },
  };
}
