import { fieldErrors } from '@carillon/contracts';
import type { z } from 'zod';

/** One thing that is wrong with a source. */
export interface Mistake {
  /** Where in the source: `body`, `actions[0].url`. */
  field: string;
  /** What is wrong, with the line where it is known, and the cure. */
  message: string;
  /** Where in that text, counted from 1, as far as it is known. */
  line?: number;
  column?: number;
}

/** A mistake at a place in a text; the message names it too, for whoever shows no more than that. */
export function mistakeAt(
  field: string,
  message: string,
  { line, column }: { line?: number; column?: number },
): Mistake {
  const place = column === undefined ? `line ${line}` : `line ${line}, column ${column}`;
  return { field, message: line === undefined ? message : `${place}: ${message}`, line, column };
}

/** What LiquidJS says, with the place that it ends with: `undefined filter: dat, line:1, col:4`. */
export function liquidMistake(field: string, reason: string): Mistake {
  const [, line, column] = /, line:(\d+), col:(\d+)$/.exec(reason) ?? [];
  return { field, message: reason, ...(line && { line: Number(line), column: Number(column) }) };
}

/** A source cannot become a template. */
export class SourceError extends Error {
  override readonly name = 'SourceError';

  constructor(readonly mistakes: readonly Mistake[]) {
    super(mistakes.map(({ field, message }) => `${field}: ${message}`).join('; '));
  }

  /** What a schema has against the shape of a source. */
  static of({ issues }: z.ZodError): SourceError {
    return new SourceError(fieldErrors(issues).map(({ path, message }) => ({ field: path, message })));
  }
}
