import type { NotificationRouted } from '@carillon/contracts';
import type { TemplateBrand } from '../branding/brand.ts';
import type { Routed } from './subscription-link.ts';

/** Whose messages these are; the same in every template. */
export type Brand = TemplateBrand;

/**
 * What a template sees: the event's data by their own names, and beside them `recipient`, `brand`, `notification`,
 * `now` and `unsubscribe_url` (null where there is nothing to unsubscribe from), which data of the same name cannot replace.
 * The brand's short names stand behind the data.
 *
 * @param extra what the generic template gets besides
 */
export function scopeOf(routed: Routed, brand: Brand, now: Date, extra: object = {}): object {
  const { recipient, notification_id, type } = routed;
  // Without a prototype, so that `{{ constructor }}` is nothing but a missing variable.
  return Object.assign(Object.create(null), shortNamesOf(brand), routed.data, extra, {
    recipient: { id: recipient.id, name: recipient.name },
    brand,
    notification: { id: notification_id, type, link: linkOf(routed), ...similarOnes(routed) },
    now: now.toISOString(),
    unsubscribe_url: routed.unsubscribe_url ?? null,
  });
}

/** How many it stands for, and what the latest of them say; otherwise only itself. */
function similarOnes({ grouped, data, actor, created_at }: Routed): object {
  if (!grouped) return { count: 1, items: [{ ...data, actor: actor ?? null, at: created_at }] };
  return {
    count: grouped.count,
    items: grouped.items.map((item) => ({ ...item.data, actor: item.actor, at: item.at })),
  };
}

/** `brandNames` in the engine's list of what is given. */
function shortNamesOf({ name, frontend_url, support_email }: Brand): object {
  return { site_name: name, frontend_url, support_email };
}

/**
 * What the generic template is filled with: the content that the event brought, or what can be said of a type that has
 * no words of its own, where `title` and `message` of the data count and the type's name is the last resort.
 */
export function genericScope({ content, data, type }: NotificationRouted): object {
  if (content) {
    const { title, message, html = null, link = null, image = null, actions = [] } = content;
    return { title, message, html, link, image, actions };
  }
  const { title, message } = data;
  return {
    title: typeof title === 'string' && title.trim() ? title : inWords(type),
    message: typeof message === 'string' && message.trim() ? message : null,
    html: null,
    link: data.link ?? null,
    image: null,
    actions: [],
  };
}

/** Where the notification leads, as the event says; not checked yet. */
export function linkOf({ content, data }: NotificationRouted): unknown {
  return content ? (content.link ?? null) : (data.link ?? null);
}

/** `lesson_scheduled` and `lesson.scheduled` → `Lesson scheduled`. */
function inWords(type: string): string {
  const words = type.replace(/[._-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
