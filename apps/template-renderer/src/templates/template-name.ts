import { partsOfTemplateKey, templateKeyOf } from '@carillon/contracts';
import { canonicalLocale } from '../engine/index.ts';
import type { TemplateKey } from './template.ts';

/** @param name `invoice_issued.email.sw-ke`, whatever the letters of the language */
export function keyNamed(tenant: string, name: string): TemplateKey {
  const { type, channel, locale } = partsOfTemplateKey(name);
  return { tenant, type, channel, locale: canonicalLocale(locale) ?? locale };
}

/** `invoice_issued.email.sw-KE` */
export const nameOf: (key: TemplateKey) => string = templateKeyOf;
