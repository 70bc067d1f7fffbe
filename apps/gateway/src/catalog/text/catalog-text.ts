import { pathOf, Problem, type FieldError } from '@carillon/contracts';
import type { Reading } from './reading.ts';

/**
 * What a text says.
 * @throws Problem 422 `invalid_catalog` naming each mistake with its line; 413 `catalog_too_large`
 */
export function valueOf(reading: Reading): unknown {
  if ('value' in reading) return reading.value;
  if ('mistakes' in reading)
    throw invalidCatalog(reading.mistakes.map(({ path, ...mistake }) => ({ path: pathOf(path), ...mistake })));
  throw new Problem({
    status: 413,
    code: 'catalog_too_large',
    title: 'The catalog document is too large',
    detail: `${reading.tooLarge} must not be larger than 1 MiB.`,
  });
}

/** All mistakes of a document in one answer, in the order in which they stand. */
export function invalidCatalog(errors: readonly FieldError[]): Problem {
  const inOrder = errors.toSorted(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  );
  return Problem.unprocessable('invalid_catalog', 'The catalog document is not valid', inOrder);
}
