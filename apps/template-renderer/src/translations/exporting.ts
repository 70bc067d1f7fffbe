import type { Translations } from '@carillon/contracts';
import { textsOf } from './texts.ts';
import { referenceOf, type WordGroup } from './word-groups.ts';

/** The texts of all groups, those of the reference language beside those of the others; null where there are none yet. */
export function exported(
  groups: ReadonlyMap<string, WordGroup>,
  reference: string,
  locales: readonly string[],
): Translations {
  const templates: Translations['templates'] = {};
  for (const [name, group] of groups) {
    const from = referenceOf(group, reference);
    // What was asked for is shown in any case, even where it is what is translated from.
    const columns = [from.locale, ...locales.filter((locale) => locale !== from.locale)].map(
      (locale) => [locale, textsOf(group.byLocale.get(locale)?.source ?? {})] as const,
    );
    const fields = new Set(columns.flatMap(([, texts]) => [...texts.keys()]));
    templates[name] = Object.fromEntries(
      [...fields].map((field) => [
        field,
        Object.fromEntries(columns.map(([locale, texts]) => [locale, texts.get(field) ?? null])),
      ]),
    );
  }
  return { reference, locales: [...locales], templates };
}
