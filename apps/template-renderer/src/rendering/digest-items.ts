import { linkSchema, type Channel, type DigestItem, type NotificationRouted } from '@carillon/contracts';
import type { RenderedDelivery } from './render-notification.ts';
import { linkOf } from './scope.ts';

/** A digest is a list of many: what is longer is cut. */
const longest = { title: 200, message: 400 };

type Waiting = NotificationRouted & Required<Pick<NotificationRouted, 'digests'>>;

/** Whether it waits for a digest on some channel. */
export function waitsForDigest(routed: NotificationRouted): routed is Waiting {
  return routed.digests !== undefined && routed.digests.length > 0;
}

/**
 * The notification as if it went to one channel alone: in these words a digest shows it.
 * @param channel the inbox, which has a title, a message and a link; another one where the type has no words for the inbox
 */
export function asShownInDigest(
  { digests: _, ...routed }: NotificationRouted,
  channel: Channel = 'in_app',
): NotificationRouted {
  const { notification_id: delivery_id, recipient } = routed;
  return { ...routed, deliveries: [{ delivery_id, channel, address: recipient.id }] };
}

/** What the scheduler keeps of it for each of its digests. */
export function digestItemsOf(routed: Waiting, [rendered]: readonly RenderedDelivery[]): DigestItem[] {
  if (!rendered) return [];
  const { notification_id, recipient, event, type, category, priority, created_at, expires_at } = routed;
  const { title, message, link } = wordsOf(routed, rendered);
  return routed.digests.map((waiting) => ({
    ...waiting,
    notification_id,
    recipient: recipient.id,
    event,
    type,
    category,
    priority,
    created_at,
    ...(expires_at !== undefined && { expires_at }),
    words: { title: cut(title, longest.title), message: cut(message, longest.message), link },
  }));
}

function wordsOf(routed: Waiting, rendered: RenderedDelivery): NonNullable<DigestItem['words']> {
  if (rendered.channel === 'in_app') return rendered.data;
  const title = rendered.channel === 'email' ? rendered.data.subject : rendered.data.text;
  const link = linkSchema.safeParse(linkOf(routed));
  return { title, message: '', link: link.success ? link.data : null };
}

/** At a word's end where there is one near, and never within a character. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const whole = text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '');
  const space = whole.lastIndexOf(' ');
  return `${(space > length * 0.7 ? whole.slice(0, space) : whole).trimEnd()}…`;
}
