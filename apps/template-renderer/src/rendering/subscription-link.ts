import type { NotificationRouted } from '@carillon/contracts';
import { withFields } from '@carillon/messaging/packed';
import type { PublicLinks } from '@carillon/service';

/** A routed notification with the link by which its recipient unsubscribes, where there is one. */
export type Routed = NotificationRouted & { unsubscribe_url?: string };

/**
 * Gives the emails of a notification their unsubscribe link. What is mandatory has none.
 *
 * @param links undefined where nobody could follow one
 */
export function withSubscriptionLink(
  tenant: string,
  routed: NotificationRouted,
  links: PublicLinks | undefined,
): Routed {
  const { mandatory, category, recipient, deliveries } = routed;
  if (!links || mandatory || !deliveries.some(({ channel }) => channel === 'email')) return routed;
  const subscription = { tenant, recipient: recipient.id, channel: 'email', category };
  return withFields(routed, { unsubscribe_url: links.subscriptionUrl(subscription) });
}
