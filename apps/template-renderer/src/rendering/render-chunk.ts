import {
  routedOfChunk,
  type Channel,
  type ChunkRouted,
  type InAppChunkRendered,
  type NotificationRouted,
} from '@carillon/contracts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import type { ChannelFailure } from './render-failure.ts';
import { renderNotification, type RenderedDelivery } from './render-notification.ts';
import type { Brand } from './scope.ts';

export interface RenderedChunk {
  /** Inbox words that are the same for all their recipients. */
  chunks: InAppChunkRendered[];
  /** Everything that is one recipient's own. */
  deliveries: RenderedDelivery[];
  failures: ChannelFailure[];
}

type Member = ChunkRouted['to'][number];

/**
 * Gives a chunk of a fan-out its words. In-app words that do not speak of the recipient are written once for everyone with the same
 * language and time zone; all else goes the way of single notifications.
 *
 * @param templatesFor the template found for each channel, by the recipient's locale
 */
export function renderChunk(
  chunk: ChunkRouted,
  templatesFor: ReadonlyMap<string, ReadonlyMap<Channel, ParsedTemplate | null>>,
  brand: Brand,
  now: Date,
): RenderedChunk {
  const groups = new Map<string, Member[]>();
  const single: Member[] = [];
  for (const member of chunk.to) {
    const { locale, time_zone } = member.recipient;
    const inApp = member.deliveries.filter(({ channel }) => channel === 'in_app');
    const others = member.deliveries.filter(({ channel }) => channel !== 'in_app');
    const alike = inApp.length === 1 && templatesFor.get(locale)!.get('in_app')?.personal === false;
    if (alike) push(groups, `${locale} ${time_zone}`, { ...member, deliveries: inApp });
    if (!alike) single.push(member);
    else if (others.length > 0) single.push({ ...member, deliveries: others });
  }

  const rendered: RenderedChunk = { chunks: [], deliveries: [], failures: [] };
  const render = (member: Member) => {
    const templates = templatesFor.get(member.recipient.locale)!;
    const { deliveries, failures } = renderNotification(routedOfChunk(chunk, member), templates, brand, now);
    rendered.failures.push(...failures);
    return deliveries;
  };
  for (const members of groups.values()) {
    const [words] = render(members[0]!);
    if (words?.channel === 'in_app') rendered.chunks.push(sharedBy(members, words.data));
  }
  for (const member of single) rendered.deliveries.push(...render(member));
  return rendered;
}

function sharedBy(members: readonly Member[], words: Extract<RenderedDelivery, { channel: 'in_app' }>['data']) {
  const { notification_id: _, recipient: __, delivery_id: ___, ...shared } = words;
  return {
    ...shared,
    to: members.map(({ notification_id, recipient, deliveries }) => ({
      notification_id,
      recipient: recipient.id,
      delivery_id: deliveries[0]!.delivery_id,
    })),
  };
}

function push(groups: Map<string, Member[]>, key: string, member: Member): void {
  const group = groups.get(key);
  if (group) group.push(member);
  else groups.set(key, [member]);
}

/** One notification of each locale in the chunk, by which its templates are found. */
export function oneOfEachLocale(chunk: ChunkRouted): NotificationRouted[] {
  const byLocale = new Map<string, NotificationRouted>();
  for (const member of chunk.to) {
    const { locale } = member.recipient;
    const known = byLocale.get(locale);
    // Of all channels that anyone of this locale gets it on.
    const deliveries = [...(known?.deliveries ?? []), ...member.deliveries].filter(
      ({ channel }, index, all) => all.findIndex((other) => other.channel === channel) === index,
    );
    byLocale.set(locale, { ...routedOfChunk(chunk, member), deliveries });
  }
  return [...byLocale.values()];
}
