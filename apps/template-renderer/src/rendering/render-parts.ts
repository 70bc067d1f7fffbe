import { isMissing } from '@carillon/contracts';
import { fill, TemplateError, type Allowance, type Formatting } from '../engine/index.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { RenderFailure } from './render-failure.ts';

/** The parts of a filled-in template by name. */
export type FilledParts = Record<string, string>;

/**
 * Fills in every part.
 *
 * @param allowance what each may take
 * @throws RenderFailure naming all variables that are missing, or the part and what is wrong with it
 */
export function renderParts(
  template: ParsedTemplate,
  scope: object,
  formatting: Formatting,
  allowance: Allowance,
): FilledParts {
  const missing = template.required.filter((path) => isMissing(scope, path));
  if (missing.length > 0) throw RenderFailure.missing(template, missing);
  const filled: FilledParts = {};
  if (!template.parts) throw new RenderFailure(template, 'is too long to be filled in here', undefined, 'time');
  for (const [name, part] of template.parts) {
    try {
      filled[name] = fill(part, scope, formatting, allowance);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      if (error.variable) throw RenderFailure.missing(template, [error.variable]);
      throw new RenderFailure(template, `${name}: ${error.reason}`, undefined, error.limit);
    }
  }
  return filled;
}
