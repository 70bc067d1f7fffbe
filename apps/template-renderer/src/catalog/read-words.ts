import { fieldErrors, pathOf, type FieldError } from '@carillon/contracts';
import { canonicalLocale } from '../engine/index.ts';
import { sourceSchemas, templatedChannels, type TemplateSource } from '../templates/template-source.ts';

/** The words of one type in one language on one channel, as a catalog brings them. */
export interface Words {
  type: string;
  /** BCP 47, canonical */
  locale: string;
  template: TemplateSource;
  /** Where they stand in the document: `types.lesson_scheduled.templates.en.sms`. */
  path: string;
}

/**
 * Reads the words of a catalog, whatever they look like.
 *
 * @param templates by type, language and channel
 * @returns the words whose shape is right, and what is wrong with the others
 */
export function readWords(templates: Readonly<Record<string, unknown>>): { words: Words[]; errors: FieldError[] } {
  const words: Words[] = [];
  const errors: FieldError[] = [];
  const refuse = (path: readonly string[], message: string): void => void errors.push({ path: pathOf(path), message });
  for (const [type, languages] of Object.entries(templates)) {
    const above = ['types', type, 'templates'];
    if (!isObject(languages)) {
      refuse(above, 'must be an object of languages, such as en or sw');
      continue;
    }
    const written = new Map<string, string>();
    for (const [language, channels] of Object.entries(languages)) {
      const path = [...above, language];
      const locale = canonicalLocale(language);
      if (locale === undefined || !isKnown(locale)) {
        refuse(path, `"${language}" is not a language; use a tag such as en, sw or pt-BR`);
        continue;
      }
      if (written.has(locale)) refuse(path, `is the same language as "${written.get(locale)}"; keep one of them`);
      written.set(locale, language);
      if (!isObject(channels)) {
        refuse(path, `must be an object of channels: ${templatedChannels.join(', ')}`);
        continue;
      }
      for (const [channel, source] of Object.entries(channels)) {
        const schema = Object.hasOwn(sourceSchemas, channel) && sourceSchemas[channel as keyof typeof sourceSchemas];
        if (!schema) {
          refuse([...path, channel], `has no templates; use ${templatedChannels.join(', ')}`);
          continue;
        }
        const result = schema.safeParse(source);
        if (result.success) {
          const template = { channel, source: result.data } as TemplateSource;
          words.push({ type, locale, template, path: pathOf([...path, channel]) });
        } else {
          const issues = result.error.issues.map((issue) => ({ ...issue, path: [...path, channel, ...issue.path] }));
          errors.push(...fieldErrors(issues));
        }
      }
    }
  }
  return { words, errors };
}

const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** `english` has the shape of a language tag, but is none. */
function isKnown(locale: string): boolean {
  return languageNames.of(new Intl.Locale(locale).language) !== undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
