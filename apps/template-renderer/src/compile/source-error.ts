/** One thing that is wrong with a source. */
export interface Mistake {
  /** Where in the source: `body`, `actions[0].url`. */
  field: string;
  /** What is wrong, with the line where it is known, and the cure. */
  message: string;
}

/** A source cannot become a template. */
export class SourceError extends Error {
  override readonly name = 'SourceError';

  constructor(readonly mistakes: readonly Mistake[]) {
    super(mistakes.map(({ field, message }) => `${field}: ${message}`).join('; '));
  }
}
