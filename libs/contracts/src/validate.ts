import type { z } from 'zod';
import { noShapeFits } from './mistakes.ts';
import { Problem, type FieldError } from './problem.ts';
import { findUnstorable } from './storable.ts';

/** A zod path in the notation of {@link FieldError}: `['recipients', 0, 'id']` becomes `recipients[0].id`. */
export function pathOf(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text ? `.${String(part)}` : String(part);
  return text || '(root)';
}

/** Zod's issues as field errors; an unknown field is named itself rather than its parent. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pathOf([...issue.path, key]),
        message: 'is not a known field; remove it',
      }));
    }
    const meant =
      issue.code === 'invalid_union' && issue.message === noShapeFits ? shapeMeant(issue.errors) : undefined;
    if (meant) return fieldErrors(meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
    return [{ path: pathOf(issue.path), message: issue.message }];
  });
}

/** The mistakes in the one shape that the value seems to have: the only one of the same kind (object, list, text). */
function shapeMeant(shapes: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const alike = shapes.filter(
    (mistakes) => !mistakes.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return alike.length === 1 ? alike[0] : undefined;
}

/** For `superRefine`: refuses what could not be kept. */
export function refuseUnstorable(value: unknown, context: z.RefinementCtx): void {
  const found = findUnstorable(value);
  if (found) context.addIssue({ code: 'custom', ...found });
}

/**
 * Parses input that came from outside.
 * @throws Problem 400 `invalid_<what>` naming every field that is wrong
 */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, what = 'body'): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new Problem({
    status: 400,
    code: `invalid_${what}`,
    title: `The ${what} is not valid`,
    errors: fieldErrors(result.error.issues),
  });
}
