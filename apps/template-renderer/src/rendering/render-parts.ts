import { isMissing } from '@carillon/contracts';
import { fill, TemplateError, type Allowance, type Formatting } from '../engine/index.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { RenderFailure, type PartFailure } from './render-failure.ts';

/** The parts of a filled-in template by name. */
export type FilledParts = Record<string, string>;

/**
 * Fills in every part.
 *
 * @param allowance what each may take
 * @throws RenderFailure naming all variables that are missing, and the parts with what is wrong with them
 */
export function renderParts(
  template: ParsedTemplate,
  scope: object,
  formatting: Formatting,
  allowance: Allowance,
): FilledParts {
  if (!template.parts) throw new RenderFailure(template, 'is too long to be filled in here', undefined, 'time');
  const missing = new Set(template.required.filter((path) => isMissing(scope, path)));
  const wrong: PartFailure[] = [];
  const filled: FilledParts = {};
  for (const [name, part] of template.parts) {
    try {
      filled[name] = fill(part, scope, formatting, allowance);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      if (error.limit) throw new RenderFailure(template, `${name}: ${error.reason}`, undefined, error.limit);
      if (error.variable) missing.add(error.variable);
      else wrong.push({ name, reason: error.reason });
    }
  }
  if (missing.size > 0 || wrong.length > 0) throw RenderFailure.of(template, [...missing], wrong);
  return filled;
}
