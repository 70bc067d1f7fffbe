import { emailRendered, type EmailRendered } from '@carillon/contracts';
import { deterministicId } from '../floor/ids.ts';
import { maintenanceHtml, maintenanceText } from '../floor/maintenance-email.ts';
import type { PublishOrder } from './orders.ts';

/** CloudEvents type of a request for everyone of a tenant. Both sides take Carillon's. */
export const audienceEvent = 'carillon.event.requested.v1';

/** CloudEvents type of an email that has its words. Both sides take Carillon's; the floor's sender does not look at it. */
export const renderedEmail = emailRendered.type;

/** Event number i of an order, as a structured CloudEvent. */
export function eventOf({ type, tenant, recipients, urgent }: PublishOrder, i: number) {
  return {
    specversion: '1.0',
    id: String(i),
    source: '/bench',
    type: urgent ? audienceEvent : type,
    time: new Date().toISOString(),
    tenant,
    datacontenttype: 'application/json',
    data: urgent
      ? urgentRequest(`recipient-${i % recipients}`)
      : dataOf(type, tenant, `recipient-${i % recipients}`, i),
  };
}

function urgentRequest(recipient: string): object {
  return {
    recipients: [recipient],
    priority: 'urgent',
    channels: ['in_app'],
    content: { title: 'Code', message: '123456' },
  };
}

function dataOf(type: string, tenant: string, recipient: string, i: number): object {
  const words = { title: `Maintenance window ${i}`, message };
  switch (type) {
    case audienceEvent:
      return { type: 'system_update', audience: { all: true }, data: words };
    case renderedEmail:
      return emailTo(tenant, recipient, i);
    default:
      return { recipient_id: recipient, ...words, starts_at: '2026-11-28T20:00:00Z', ends_at: '2026-11-28T22:00:00Z' };
  }
}

const message = 'We are moving to a faster database.';

/** As the renderer of either side makes it of an event; the links are as long as Carillon's. */
function emailTo(tenant: string, recipient: string, i: number): EmailRendered {
  const at = Date.now();
  const name = recipient.replace('recipient-', 'Recipient ');
  const day = '28 November 2026';
  const words = { name, message, day, from: `${day} at 23:00`, to: '29 November 2026 at 01:00' };
  return {
    delivery_id: deterministicId(at, `delivery ${tenant} ${i}`),
    notification_id: deterministicId(at, `notification ${tenant} ${i}`),
    recipient,
    type: 'maintenance',
    category: 'system',
    priority: 'normal',
    lane: 'normal',
    template: { key: 'maintenance', version: 1, locale: 'en' },
    created_at: new Date(at).toISOString(),
    to: { address: `${recipient}@example.org`, name },
    subject: `Planned maintenance on ${day}`,
    html: maintenanceHtml(words),
    text: maintenanceText(words),
    unsubscribe_url: `https://notifications.example.org/v1/unsubscribe/${String(i).padStart(120, '0')}`,
  };
}
