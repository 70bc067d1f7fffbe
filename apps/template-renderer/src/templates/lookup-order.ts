import { templateKeyOf, type TemplateRef } from '@carillon/contracts';
import { canonicalLocale } from '../engine/index.ts';
import { genericType, type PublishedTemplate, type TemplateKey } from './template.ts';
import type { TemplatedChannel } from './template-source.ts';

/** Which templates could serve a tenant, best first. */
export interface Candidates {
  /** Who asks. */
  tenant: string;
  keys: readonly TemplateKey[];
}

/** What a lookup comes to. */
export interface FoundTemplate {
  /** The best one that is in use. */
  template: PublishedTemplate | null;
  /** Its place among the candidates. */
  rank?: number;
  /** The best one before it that an admin has switched off. */
  passed: TemplateKey | null;
}

/** What was looked for. */
export interface Wanted {
  tenant: string;
  /** Notification type; `generic` for content that the event brought. */
  type: string;
  channel: TemplatedChannel;
  /** The recipient's. */
  locale: string;
}

/**
 * Which templates could serve, best first: the type's own words before the generic ones; of these the tenant's own
 * before Carillon's; of these the exact locale, then ever less of it (RFC 4647, section 3.4), then the tenant's default
 * locale in the same way, then English. With Portuguese as the default `zh-Hant-TW` looks for `zh-Hant-TW`, `zh-Hant`, `zh`,
 * `pt`, `en`.
 *
 * @param defaultLocale of the tenant's brand
 */
export function lookupOrder({ tenant, type, channel, locale }: Wanted, defaultLocale: string): Candidates {
  const types = type === genericType ? [genericType] : [type, genericType];
  const keys = types.flatMap((ofType) =>
    [tenant, ''].flatMap((owner) =>
      localesFor(locale, defaultLocale).map((ofLocale) => ({ tenant: owner, type: ofType, channel, locale: ofLocale })),
    ),
  );
  return { tenant, keys };
}

/**
 * Whether what was found are other words than those that should have been there: an admin has switched a better template off, or
 * there is none of the type in the recipient's language.
 */
export function fallbackOf(wanted: Wanted, { template, passed }: FoundTemplate): TemplateRef['fallback'] {
  if (passed) return { wanted: templateKeyOf(passed), reason: 'inactive' };
  const locale = canonicalLocale(wanted.locale) ?? 'en';
  if (!template || (template.type === wanted.type && narrowed(locale).includes(template.locale))) return undefined;
  return { wanted: templateKeyOf({ ...wanted, locale }), reason: 'missing' };
}

/** The locale, shortened from its end step by step, then the default one in the same way, then English. */
export function localesFor(locale: string, defaultLocale = 'en'): string[] {
  return [...new Set([locale, defaultLocale, 'en'].flatMap((one) => narrowed(canonicalLocale(one) ?? 'en')))];
}

/** @param locale canonical @returns the locale and what is left of it, shortened from its end step by step */
export function narrowed(locale: string): string[] {
  const parts = locale.split('-');
  const locales: string[] = [];
  for (let count = parts.length; count > 0; count--) {
    // A single letter introduces an extension (`en-u-hc-h12`) and means nothing by itself.
    if (parts[count - 1]!.length > 1) locales.push(parts.slice(0, count).join('-'));
  }
  return locales;
}
