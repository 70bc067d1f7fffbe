import {
  availableChannels,
  type Channel,
  type EmailRendered,
  type InAppRendered,
  type NotificationRouted,
  type Rendered,
  type SmsRendered,
} from '@carillon/contracts';
import { wordsOf, type Words } from '../channels/index.ts';
import { formattingLocale, knownTimeZone, limits, type Allowance, type Formatting } from '../engine/index.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { genericType, type PublishedTemplate } from '../templates/template.ts';
import type { TemplatedChannel } from '../templates/template-source.ts';
import { RenderFailure, type ChannelFailure } from './render-failure.ts';
import { relatedOf } from './related.ts';
import { renderParts } from './render-parts.ts';
import { genericScope, scopeOf, type Brand } from './scope.ts';
import type { Routed } from './subscription-link.ts';

/** One delivery with its words. */
export type RenderedDelivery =
  | { channel: 'in_app'; data: InAppRendered }
  | { channel: 'email'; data: EmailRendered }
  | { channel: 'sms'; data: SmsRendered };

export interface RenderedNotification {
  deliveries: RenderedDelivery[];
  /** One per channel that could not be rendered. */
  failures: ChannelFailure[];
}

/**
 * Gives every delivery of a notification its words. A channel that fails does not hold up the others. Pure: the same
 * arguments give the same words.
 *
 * @param templates the template found for each channel
 * @param allowance what each part may take
 */
export function renderNotification(
  routed: Routed,
  templates: ReadonlyMap<Channel, ParsedTemplate | null>,
  brand: Brand,
  now: Date,
  allowance: Allowance = limits,
): RenderedNotification {
  const deliveries: RenderedDelivery[] = [];
  const failures: ChannelFailure[] = [];
  for (const channel of new Set(routed.deliveries.map((delivery) => delivery.channel))) {
    try {
      deliveries.push(...renderChannel(routed, channel, templates.get(channel) ?? null, brand, now, allowance));
    } catch (error) {
      if (!(error instanceof RenderFailure)) throw error;
      failures.push(error);
    }
  }
  return { deliveries, failures };
}

/**
 * What a template says to a recipient.
 *
 * @param allowance what each part may take
 * @throws RenderFailure naming the template and the cause
 */
export function renderWords(
  routed: Routed,
  template: ParsedTemplate,
  brand: Brand,
  now: Date,
  allowance: Allowance = limits,
): Words[TemplatedChannel] {
  const { recipient } = routed;
  const formatting: Formatting = {
    locale: formattingLocale(recipient.locale, template.locale),
    timeZone: knownTimeZone(recipient.time_zone),
    siteUrl: brand.frontend_url,
    now,
  };
  const extra = template.type === genericType ? genericScope(routed) : {};
  const parts = renderParts(template, scopeOf(routed, brand, now, extra), formatting, allowance);
  return wordsOf(template.channel).words(parts, { routed, template, formatting, allowance });
}

function renderChannel(
  routed: Routed,
  channel: Channel,
  template: ParsedTemplate | null,
  brand: Brand,
  now: Date,
  allowance: Allowance,
): RenderedDelivery[] {
  if (!template) throw new RenderFailure(channel, 'there is no template for this channel');
  if (!isAvailable(channel)) throw new RenderFailure(channel, 'nothing is sent on this channel yet');
  // One rendering serves all of the recipient's contacts on the channel.
  return deliveriesOf(routed, template, channel, renderWords(routed, template, brand, now, allowance));
}

/** The deliveries of a channel with its words. */
export function deliveriesOf(
  routed: Routed,
  template: WordsUsed,
  channel: AvailableChannel,
  words: Words[TemplatedChannel],
): RenderedDelivery[] {
  return routed.deliveries
    .filter((delivery) => delivery.channel === channel)
    .map(({ delivery_id, address }) => {
      const data = { ...commonOf(routed, delivery_id, template), ...words, ...besides[channel](routed, address) };
      return { channel, data } as RenderedDelivery;
    });
}

/** What a delivery carries besides its words. */
const besides: Record<AvailableChannel, (routed: Routed, address: string) => object> = {
  in_app: ({ metadata = {}, data, actor = null, recipient, batch }) => ({
    metadata,
    related: relatedOf(data),
    actor,
    locale: recipient.locale,
    ...(batch && { batch }),
  }),
  email: ({ recipient, unsubscribe_url, tracking }, address) => ({
    to: { address, name: recipient.name },
    ...(unsubscribe_url !== undefined && { unsubscribe_url }),
    ...(tracking && { tracking }),
  }),
  sms: (_, address) => ({ to: address }),
};

export type AvailableChannel = (typeof availableChannels)[number];

/** Whether there is a sender for a channel. */
export function isAvailable(channel: Channel): channel is AvailableChannel {
  return (availableChannels as readonly Channel[]).includes(channel);
}

/** What a delivery tells of the template whose words it has. */
type WordsUsed = Omit<PublishedTemplate, 'compiled'> & Pick<ParsedTemplate, 'fallback' | 'trial'>;

function commonOf(routed: NotificationRouted, delivery_id: string, template: WordsUsed): Rendered {
  const { notification_id, event, recipient, type, category, priority, lane, expires_at, created_at, content } = routed;
  const { type: key, version, locale, frame, fallback, trial } = template;
  return {
    delivery_id,
    notification_id,
    event_id: event.id,
    recipient: recipient.id,
    type,
    category,
    priority,
    lane,
    template: content
      ? { key: 'content', version: 0, locale }
      : { key, version, locale, ...(frame && { frame: frame.version }), ...trial, ...(fallback && { fallback }) },
    ...(expires_at !== undefined && { expires_at }),
    created_at,
  };
}
