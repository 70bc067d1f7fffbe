import { pathOf, templateKeyOf, type FieldError, type Translations } from '@carillon/contracts';
import { isDeepStrictEqual } from 'node:util';
import type { TemplateKey } from '../templates/template.ts';
import { textsOf, withTexts } from './texts.ts';
import { referenceOf, type WordGroup } from './word-groups.ts';

/** One template as it will be with the texts of a file. */
export interface TranslatedWords {
  key: TemplateKey;
  /** Its name in the file: `invoice_issued.email`. */
  name: string;
  source: object;
  /** Whether these are the words that are in use already. */
  unchanged: boolean;
}

/** What a file comes to. Paths are those of the file: `templates.invoice_issued.email.subject.sw`. */
export interface TranslatedFile {
  words: TranslatedWords[];
  errors: FieldError[];
  warnings: FieldError[];
}

/**
 * Puts the texts of a file into the templates that they translate. A template is translated as a whole: where a text is missing,
 * that of the words there are already in this language is kept, and where there are none either it is a mistake.
 *
 * @param groups the words there are
 */
export function translated(
  tenant: string,
  { reference, locales, templates }: Translations,
  groups: ReadonlyMap<string, WordGroup>,
): TranslatedFile {
  const file: TranslatedFile = { words: [], errors: [], warnings: [] };
  for (const [name, fields] of Object.entries(templates)) {
    const group = groups.get(name);
    if (!group) {
      const message =
        'there are no words of this type on this channel to translate from; write them in one language first';
      file.errors.push({ path: at(name), message });
      continue;
    }
    const from = referenceOf(group, reference);
    const known = textsOf(from.source);
    for (const [field, texts] of Object.entries(fields)) {
      const then = texts[from.locale];
      if (!locales.includes(from.locale) && typeof then === 'string' && then !== known.get(field)) {
        const message = `is not what the words in ${from.locale} say now; they were changed after the file was made`;
        file.warnings.push({ path: at(name, field, from.locale), message });
      }
    }
    for (const locale of locales) translateTo(locale, tenant, name, fields, group, from.source, file);
  }
  return file;
}

function translateTo(
  locale: string,
  tenant: string,
  name: string,
  fields: Translations['templates'][string],
  { type, channel, byLocale }: WordGroup,
  reference: object,
  { words, errors }: TranslatedFile,
): void {
  const given = new Map(
    Object.entries(fields).flatMap(([field, { [locale]: text }]) => (typeof text === 'string' ? [[field, text]] : [])),
  );
  if (given.size === 0) return;
  const existing = byLocale.get(locale)?.source;
  const has = textsOf(existing ?? {});
  // What is no text (links, pictures, buttons) is as it was in this language, as long as the texts have a place in it.
  const base = existing && [...given.keys()].every((field) => has.has(field)) ? existing : reference;
  const places = textsOf(base);
  const mistakes: FieldError[] = [];
  for (const field of given.keys()) {
    if (places.has(field)) continue;
    const message = `is no text of this template; it has ${[...places.keys()].join(', ')}`;
    mistakes.push({ path: at(name, field), message });
  }
  const texts = new Map<string, string>();
  for (const field of places.keys()) {
    const text = given.get(field) ?? has.get(field);
    if (text === undefined) mistakes.push({ path: at(name, field, locale), message: 'is not translated yet' });
    else texts.set(field, text);
  }
  errors.push(...mistakes);
  if (mistakes.length > 0) return;
  const source = withTexts(base, texts);
  const key = { tenant, type, channel, locale };
  words.push({ key, name, source, unchanged: isDeepStrictEqual(source, existing) });
}

/** A place in the file. */
export function at(name: string, ...path: string[]): string {
  return pathOf(['templates', name, ...path]);
}

/** The name of a translated template: `invoice_issued.email.sw`. */
export const nameOfWords = ({ key }: TranslatedWords): string => templateKeyOf(key);
