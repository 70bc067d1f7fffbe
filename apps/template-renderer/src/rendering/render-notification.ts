import {
  type Channel,
  type EmailRendered,
  type InAppRendered,
  type NotificationRouted,
  type Rendered,
  type SmsRendered,
} from '@carillon/contracts';
import { formattingLocale, knownTimeZone, type Formatting } from '../engine/index.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { genericType } from '../templates/template.ts';
import { inAppOf } from './in-app.ts';
import { RenderFailure } from './render-failure.ts';
import { renderParts, type FilledParts } from './render-parts.ts';
import { genericScope, scopeOf, type Brand } from './scope.ts';
import { oneLine, tidyText } from './words.ts';

/** One delivery with its words. */
export type RenderedDelivery =
  | { channel: 'in_app'; data: InAppRendered }
  | { channel: 'email'; data: EmailRendered }
  | { channel: 'sms'; data: SmsRendered };

export interface RenderedNotification {
  deliveries: RenderedDelivery[];
  /** One per channel that could not be rendered. */
  failures: RenderFailure[];
}

/**
 * Gives every delivery of a notification its words. A channel that fails does not hold up the others. Pure: the same
 * arguments give the same words.
 *
 * @param templates the template found for each channel
 */
export function renderNotification(
  routed: NotificationRouted,
  templates: ReadonlyMap<Channel, ParsedTemplate | null>,
  brand: Brand,
  now: Date,
): RenderedNotification {
  const deliveries: RenderedDelivery[] = [];
  const failures: RenderFailure[] = [];
  for (const channel of new Set(routed.deliveries.map((delivery) => delivery.channel))) {
    try {
      deliveries.push(...renderChannel(routed, channel, templates.get(channel) ?? null, brand, now));
    } catch (error) {
      if (!(error instanceof RenderFailure)) throw error;
      failures.push(error);
    }
  }
  return { deliveries, failures };
}

function renderChannel(
  routed: NotificationRouted,
  channel: Channel,
  template: ParsedTemplate | null,
  brand: Brand,
  now: Date,
): RenderedDelivery[] {
  if (!template) throw new RenderFailure(channel, 'there is no template for this channel');
  const { recipient } = routed;
  const formatting: Formatting = {
    locale: formattingLocale(recipient.locale, template.locale),
    timeZone: knownTimeZone(recipient.time_zone),
    siteUrl: brand.site_url,
  };
  const extra = template.type === genericType ? genericScope(routed) : {};
  const parts = renderParts(template, scopeOf(routed, brand, now, extra), formatting);
  // One rendering serves all of the recipient's contacts on the channel.
  return routed.deliveries
    .filter((delivery) => delivery.channel === channel)
    .map(({ delivery_id, address }) =>
      deliveryOf(commonOf(routed, delivery_id, template), address, routed, template, parts, formatting),
    );
}

function deliveryOf(
  common: Rendered,
  address: string,
  routed: NotificationRouted,
  template: ParsedTemplate,
  parts: FilledParts,
  formatting: Formatting,
): RenderedDelivery {
  switch (template.channel) {
    case 'in_app':
      return { channel: 'in_app', data: inAppOf(common, routed, template, parts, formatting) };
    case 'email': {
      const to = { address, name: routed.recipient.name };
      const { subject, html, text } = parts as { subject: string; html: string; text: string };
      return { channel: 'email', data: { ...common, to, subject: oneLine(subject), html, text: tidyText(text) } };
    }
    case 'sms':
      return { channel: 'sms', data: { ...common, to: address, text: tidyText(parts.text!) } };
  }
}

function commonOf(routed: NotificationRouted, delivery_id: string, template: ParsedTemplate): Rendered {
  const { notification_id, recipient, type, category, priority, lane, expires_at, created_at, content } = routed;
  const { type: key, version, locale, fallback } = template;
  return {
    delivery_id,
    notification_id,
    recipient: recipient.id,
    type,
    category,
    priority,
    lane,
    template: content
      ? { key: 'content', version: 0, locale }
      : { key, version, locale, ...(fallback && { fallback }) },
    ...(expires_at !== undefined && { expires_at }),
    created_at,
  };
}
