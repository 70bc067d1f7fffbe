import {
  routedOfChunk,
  type Channel,
  type ChunkRouted,
  type InAppChunkRendered,
  type NotificationRouted,
} from '@carillon/contracts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { withDeliveries, type Guarded } from './guarded-rendering.ts';
import type { ChannelFailure } from './render-failure.ts';
import type { RenderedDelivery } from './render-notification.ts';

export interface RenderedChunk {
  /** Inbox words that are the same for all their recipients. */
  chunks: InAppChunkRendered[];
  /** Everything that is one recipient's own. */
  deliveries: RenderedDelivery[];
  failures: ChannelFailure[];
  /** What takes long, recipient by recipient. */
  apart: NotificationRouted[];
}

type Templates = ReadonlyMap<Channel, ParsedTemplate | null>;
type Member = ChunkRouted['to'][number];
/** A recipient, and what is filled in for them. */
type Reader = { member: Member; templates: Templates };

/**
 * Gives a chunk of a fan-out its words. In-app words that do not speak of the recipient are written once for everyone with the same
 * language and time zone; all else goes the way of single notifications.
 *
 * @param templatesFor the template of each channel for a recipient; the same for all with the same language, but where an
 *   experiment gives them different variants
 * @param renderOne gives one notification its words
 */
export function renderChunk(
  chunk: ChunkRouted,
  templatesFor: (recipient: Member['recipient']) => Templates,
  renderOne: (routed: NotificationRouted, templates: Templates) => Guarded,
): RenderedChunk {
  const groups = new Map<string, Reader[]>();
  const single: Reader[] = [];
  for (const { digests: _, ...member } of chunk.to) {
    const { locale, time_zone } = member.recipient;
    const templates = templatesFor(member.recipient);
    const shared = templates.get('in_app');
    const inApp = member.deliveries.filter(({ channel }) => channel === 'in_app');
    const others = member.deliveries.filter(({ channel }) => channel !== 'in_app');
    const alike = inApp.length === 1 && shared?.personal === false;
    const key = `${locale} ${time_zone} ${shared?.trial?.variant ?? ''}`;
    if (alike) push(groups, key, { member: { ...member, deliveries: inApp }, templates });
    if (!alike && member.deliveries.length > 0) single.push({ member, templates });
    if (alike && others.length > 0) single.push({ member: { ...member, deliveries: others }, templates });
  }

  const rendered: RenderedChunk = { chunks: [], deliveries: [], failures: [], apart: [] };
  const render = ({ member, templates }: Reader, readers: readonly Reader[]) => {
    const { deliveries, failures, apart } = renderOne(routedOfChunk(chunk, member), templates);
    rendered.failures.push(...failures);
    rendered.apart.push(...readers.flatMap((reader) => setApart(routedOfChunk(chunk, reader.member), apart)));
    return deliveries;
  };
  for (const readers of groups.values()) {
    const [words] = render(readers[0]!, readers);
    if (words?.channel === 'in_app') rendered.chunks.push(sharedBy(readers, words.data));
  }
  for (const reader of single) rendered.deliveries.push(...render(reader, [reader]));
  return rendered;
}

/** @returns none, or the notification with the deliveries on these channels */
export function setApart(routed: NotificationRouted, channels: readonly Channel[]): NotificationRouted[] {
  return channels.length > 0 ? [withDeliveries(routed, (channel) => channels.includes(channel))] : [];
}

function sharedBy(readers: readonly Reader[], words: Extract<RenderedDelivery, { channel: 'in_app' }>['data']) {
  const { notification_id: _, recipient: __, delivery_id: ___, ...shared } = words;
  return {
    ...shared,
    to: readers.map(({ member: { notification_id, recipient, deliveries } }) => ({
      notification_id,
      recipient: recipient.id,
      delivery_id: deliveries[0]!.delivery_id,
    })),
  };
}

function push(groups: Map<string, Reader[]>, key: string, reader: Reader): void {
  const group = groups.get(key);
  if (group) group.push(reader);
  else groups.set(key, [reader]);
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
