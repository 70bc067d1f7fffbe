import { parse, TemplateError, variablesOf, type PartVariables } from '../engine/index.ts';
import { wordsOf } from '../channels/index.ts';
import { liquidMistake, SourceError, type Mistake } from '../compile/source-error.ts';
import type { TemplateSource } from './template-source.ts';

/**
 * Which of the event's data a source uses, and which of them it cannot do without: those that it writes out whatever happens,
 * those that it declares, and the files that it attaches.
 *
 * @throws SourceError naming every field whose Liquid is wrong
 */
export function templateVariables(template: TemplateSource): PartVariables {
  const words = wordsOf(template.channel);
  const besides = words.data?.(template.source) ?? { required: [], optional: [] };
  const required = new Set<string>([...(template.source.required ?? []), ...besides.required]);
  const optional = new Set<string>(besides.optional);
  const mistakes: Mistake[] = [];
  for (const [field, text] of Object.entries(words.texts(template.source))) {
    try {
      const variables = variablesOf(parse(words.kindOf(field), text));
      for (const variable of variables.required) required.add(variable);
      for (const variable of variables.optional) optional.add(variable);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      mistakes.push(liquidMistake(field, error.reason));
    }
  }
  if (mistakes.length > 0) throw new SourceError(mistakes);
  return { required: [...required].sort(), optional: [...optional].filter((name) => !required.has(name)).sort() };
}
