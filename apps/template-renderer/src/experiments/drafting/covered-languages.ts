import { lookupOrder } from '../../templates/lookup-order.ts';
import type { TemplateKey } from '../../templates/template.ts';

/** The version of a template that is in use. */
export interface InUse extends TemplateKey {
  version: number;
  source: Record<string, unknown>;
  /** Data without which it cannot be rendered. */
  required: string[];
}

/**
 * The languages in which a template can come to be shown to somebody, with the version that is. Words of Carillon's that stand
 * behind the tenant's own for everyone are in use by nobody.
 *
 * @param all what is in use of the template, the tenant's own and Carillon's
 */
export function coveredLanguages(tenant: string, defaultLocale: string, all: readonly InUse[]): Map<string, InUse> {
  const languages = new Map<string, InUse>();
  for (const { type, channel, locale } of all) {
    const { keys } = lookupOrder({ tenant, type, channel, locale }, defaultLocale);
    const first = keys.map((key) => all.find((one) => isSame(one, key))).find((one) => one !== undefined);
    if (first?.locale === locale) languages.set(locale, first);
  }
  return languages;
}

function isSame(one: TemplateKey, other: TemplateKey): boolean {
  return one.tenant === other.tenant && one.type === other.type && one.locale === other.locale;
}
