import { parse, TemplateError, variablesOf, type PartVariables } from '../engine/index.ts';
import { SourceError } from '../compile/source-error.ts';
import type { TemplateSource } from './template-source.ts';

/**
 * Which of the event's data a source uses, and which of them it cannot do without.
 *
 * @throws SourceError naming the part whose Liquid is wrong
 */
export function templateVariables(template: TemplateSource): PartVariables {
  const required = new Set<string>();
  const optional = new Set<string>();
  for (const [name, text] of textsOf(template)) {
    try {
      const kind = name === 'body' || name === 'html' ? 'html' : 'text';
      const variables = variablesOf(parse(kind, text));
      for (const variable of variables.required) required.add(variable);
      for (const variable of variables.optional) optional.add(variable);
    } catch (error) {
      throw error instanceof TemplateError ? new SourceError(`${name}: ${error.reason}`) : error;
    }
  }
  return { required: [...required].sort(), optional: [...optional].filter((name) => !required.has(name)).sort() };
}

/** Every text with Liquid in it, with its name in the source. */
function textsOf({ source }: TemplateSource): [name: string, text: string][] {
  const { actions = [], greeting: _, ...texts } = source as Record<string, unknown> & { actions?: object[] };
  const ofActions = actions.flatMap((action, index) =>
    Object.entries(action).map(([name, text]): [string, string] => [`actions[${index}].${name}`, text as string]),
  );
  return [...(Object.entries(texts).filter(([, text]) => text !== undefined) as [string, string][]), ...ofActions];
}
