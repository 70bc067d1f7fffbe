import { defaultTenant, type CloudEvent, type Rendered } from '@carillon/contracts';
import { currentTraceparent } from '@carillon/messaging';
import type { NewDelivery } from '../store/delivery-row.ts';

/**
 * The delivery that a rendered item asks for.
 * @param to address and, where the channel shows it, name of the person
 */
export function deliveryOf<Content>(
  { tenant = defaultTenant, data }: CloudEvent<Rendered>,
  to: { address: string; name: string | null },
  content: Content,
): NewDelivery<Content> {
  return {
    tenant,
    id: data.delivery_id,
    notification_id: data.notification_id,
    event_id: data.event_id ?? null,
    recipient: data.recipient,
    type: data.type,
    category: data.category,
    lane: data.lane,
    template: data.template,
    destination: to.address,
    destination_name: to.name,
    content,
    expires_at: data.expires_at ?? null,
    traceparent: currentTraceparent() ?? null,
    created_at: data.created_at,
  };
}
