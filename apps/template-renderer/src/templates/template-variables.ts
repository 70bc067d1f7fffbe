import { parse, TemplateError, variablesOf, type PartVariables } from '../engine/index.ts';
import { SourceError, type Mistake } from '../compile/source-error.ts';
import type { TemplateSource } from './template-source.ts';

/**
 * Which of the event's data a source uses, and which of them it cannot do without: those that it writes out whatever happens, and
 * those that it declares.
 *
 * @throws SourceError naming every field whose Liquid is wrong
 */
export function templateVariables(template: TemplateSource): PartVariables {
  const required = new Set<string>(template.source.required);
  const optional = new Set<string>();
  const mistakes: Mistake[] = [];
  for (const [field, text] of textsOf(template)) {
    try {
      const kind = field === 'body' || field === 'html' ? 'html' : 'text';
      const variables = variablesOf(parse(kind, text));
      for (const variable of variables.required) required.add(variable);
      for (const variable of variables.optional) optional.add(variable);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      mistakes.push({ field, message: error.reason });
    }
  }
  if (mistakes.length > 0) throw new SourceError(mistakes);
  return { required: [...required].sort(), optional: [...optional].filter((name) => !required.has(name)).sort() };
}

type Sources = Record<string, unknown> & { actions?: object[] };

/** Every text with Liquid in it, with its name in the source. */
function textsOf({ source }: TemplateSource): [field: string, text: string][] {
  const { actions = [], greeting: _, required: __, ...texts } = source as Sources;
  const ofActions = actions.flatMap((action, index) =>
    Object.entries(action).map(([name, text]): [string, string] => [`actions[${index}].${name}`, text as string]),
  );
  return [...(Object.entries(texts).filter(([, text]) => text !== undefined) as [string, string][]), ...ofActions];
}
