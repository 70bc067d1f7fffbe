import type { PreviewError } from '@carillon/contracts';
import { wordsOf } from '../channels/index.ts';
import { fieldOf } from '../compile/compile.ts';
import { liquidMistake } from '../compile/source-error.ts';
import type { RenderFailure } from '../rendering/render-failure.ts';
import type { TemplateSource } from '../templates/template-source.ts';

/**
 * Everything that is wrong, where whoever wrote the template finds it: what the data lack by their names, what is wrong with a text
 * by its field in the source, with line and column where the text is filled in as it was written.
 *
 * @param template as it was written; null where that is not known
 */
export function previewErrors(
  { reason, missing = [], parts = [] }: Pick<RenderFailure, 'reason' | 'missing' | 'parts'>,
  compiled: Readonly<Record<string, string>>,
  template: TemplateSource | null,
): PreviewError[] {
  const written = template ? wordsOf(template.channel).texts(template.source) : compiled;
  const errors: PreviewError[] = missing.map((name) => ({
    path: `data.${name}`,
    message: 'is missing or empty; send it, or give it a default in the template',
  }));
  for (const { name, reason: ofPart } of parts) {
    const field = template ? fieldOf(name, template) : name;
    const { message, line, column } = liquidMistake(field, ofPart);
    const asWritten = written[field] === compiled[name];
    const error = { path: `source.${field}`, message: message.replace(/, line:\d+, col:\d+$/, '') };
    errors.push(asWritten && line !== undefined ? { ...error, line, column } : error);
  }
  if (errors.length === 0) errors.push(ofWords(reason, written));
  // The text of an email is made from its body, and fails for the same reason as its HTML.
  return [...new Map(errors.map((error) => [JSON.stringify(error), error])).values()];
}

/** What must not be shown begins with the field that it came from: `link must start with https://`. */
function ofWords(reason: string, written: Readonly<Record<string, string>>): PreviewError {
  const [, field, message] = /^([\w.[\]]+):? (.+)$/s.exec(reason) ?? [];
  return field && Object.hasOwn(written, field)
    ? { path: `source.${field}`, message: message! }
    : { path: 'source', message: reason };
}
