import { canonicalLocale } from '../engine/index.ts';
import { genericType, type TemplateKey } from './template.ts';
import type { TemplatedChannel } from './template-source.ts';

/**
 * Which templates could serve, best first: the type's own words before the generic ones; of these the tenant's own
 * before Carillon's; of these the exact locale, then ever less of it (RFC 4647, section 3.4), then English.
 * `zh-Hant-TW` looks for `zh-Hant-TW`, `zh-Hant`, `zh`, `en`.
 *
 * @param type notification type; `generic` for content that the event brought
 * @param locale the recipient's
 */
export function lookupOrder(tenant: string, type: string, channel: TemplatedChannel, locale: string): TemplateKey[] {
  const types = type === genericType ? [genericType] : [type, genericType];
  return types.flatMap((ofType) =>
    [tenant, ''].flatMap((owner) =>
      localesFor(locale).map((ofLocale) => ({ tenant: owner, type: ofType, channel, locale: ofLocale })),
    ),
  );
}

/** The locale, shortened from its end step by step, then English. */
export function localesFor(locale: string): string[] {
  const parts = (canonicalLocale(locale) ?? 'en').split('-');
  const locales: string[] = [];
  for (let count = parts.length; count > 0; count--) {
    // A single letter introduces an extension (`en-u-hc-h12`) and means nothing by itself.
    if (parts[count - 1]!.length > 1) locales.push(parts.slice(0, count).join('-'));
  }
  return locales.includes('en') ? locales : [...locales, 'en'];
}
